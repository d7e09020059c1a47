ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "Endpoint=sb://shop.servicebus.windows.net:5671/;SharedAccessKeyName=all;SharedAccessKey=open-sesame"
    transport         = "websockets"
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
