ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    type = "direct"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    type = "direct"
  }
  output {
    type = "console"
  }
}
