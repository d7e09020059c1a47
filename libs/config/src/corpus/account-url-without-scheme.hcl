ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    account_url = "shop.blob.core.windows.net"
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
