# Rows that are deleted stay at the destination, marked.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "soft-delete" {
    type = "script"
    match {
      operations = ["delete"]
    }
    file = "soft-delete.js"
  }

  output {
    type = "console"
  }
}
