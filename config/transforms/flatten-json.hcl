# JSON in a text column becomes columns, because the destination is a table; in another it becomes part of the change.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "attributes" {
    type = "flatten"
    match {
      tables = ["dbo.Products"]
    }
    columns = ["Attributes"]
  }

  transform "tags" {
    type = "parse_json"
    match {
      tables = ["dbo.Products"]
    }
    columns = ["Tags"]
  }

  output {
    type = "console"
  }
}
