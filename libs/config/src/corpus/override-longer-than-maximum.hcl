ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  tables_overrides {
    overrides {
      table_name    = "Persons"
      poll_interval = "5m"
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
