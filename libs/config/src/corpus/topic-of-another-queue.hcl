ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    name = "orders"
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    type = "direct"
    topic = "orders"
  }
  output {
    type = "console"
  }
}
