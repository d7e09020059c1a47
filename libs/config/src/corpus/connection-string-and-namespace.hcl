# command: validate
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
    namespace = "shop.servicebus.windows.net"
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
