ingester {
  db_connection_string = "${DSTREAM_DB}"
  tables               = ["Persons"]
  topic {
    connection_string = "Endpoint=sb://${BUS_HOST}/;SharedAccessKey=k"
  }
  locks {
    connection_string = "$BLOB"
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
