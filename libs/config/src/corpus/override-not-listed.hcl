ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  tables_overrides {
    overrides {
      table_name    = "Person"
      poll_interval = "1s"
    }
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
