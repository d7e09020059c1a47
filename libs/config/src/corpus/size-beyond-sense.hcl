ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  read {
    max_bytes = 9223372036854775807
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
