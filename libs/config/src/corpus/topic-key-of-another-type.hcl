ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    type = "direct"
    name = "changes"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
