ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  poll_intervals_default {
    pol_interval = "5s"
  }
  strat = "latest"
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
