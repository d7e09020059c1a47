ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  read {
    max_rows = -1
  }
  topic {
    connection_string = "{{ env "BUS" }}"
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
