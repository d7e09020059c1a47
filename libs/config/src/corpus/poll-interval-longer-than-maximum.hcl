ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  poll_interval_defaults {
    poll_interval     = "10m"
    max_poll_interval = "1m30s"
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
