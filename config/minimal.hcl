# The smallest configuration: both parts in one file, changes on the console.
# DSTREAM_* are environment variables that hold the secrets.
ingester {
  db_connection_string = "{{ env "DSTREAM_DB_CONNECTION_STRING" }}"
  tables               = ["Persons"]

  topic {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  locks {
    connection_string = "{{ env "DSTREAM_BLOB_CONNECTION_STRING" }}"
  }
}

processor {
  source {
    connection_string = "{{ env "DSTREAM_PUBLISHER_CONNECTION_STRING" }}"
  }

  output {
    type = "console"
  }
}
