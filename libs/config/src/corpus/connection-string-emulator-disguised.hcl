ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "Endpoint=sb://localhost:a@example.com/;SharedAccessKeyName=a;SharedAccessKey=sesame;UseDevelopmentEmulator=true"
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
