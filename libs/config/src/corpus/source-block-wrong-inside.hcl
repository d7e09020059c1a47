ingester {
  source {
    type                 = "sqlserver"
    db_connection_string = "{{ env "NOT_SET" }}"
    tables               = ["Persons", "Persons"]
    tabels               = ["Orders"]
    start                = "latest"
    read {
      max_rows = 0
    }
    tables_overrides {
      overrides {
        table_name    = "Peersons"
        poll_interval = "3m"
      }
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
