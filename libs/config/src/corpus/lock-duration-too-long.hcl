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
    lock_duration = "5m1s"
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
