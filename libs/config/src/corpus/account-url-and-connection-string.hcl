ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    account_url = "https://shop.blob.core.windows.net"
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
