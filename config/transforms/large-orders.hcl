# Only large orders go on; one without an amount is small. One that becomes small is deleted at the destination, where it would otherwise stay as it was.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "large-only" {
    type = "filter"
    match {
      tables = ["dbo.Orders"]
    }
    when    = "metadata.operation == 'delete' || (has(data.Amount) && double(data.Amount) > 100.0)"
    leaving = "delete"
  }

  output {
    type = "console"
  }
}
