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
topic {
  name = "orders"
}
processor {
  locks {
    type = "azure_blob"
  }
  service {
    log_level = "info"
  }
  overrides {
    table_name = "Persons"
  }
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
