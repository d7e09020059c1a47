ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    sessions = "yes"
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
