# Orders go to the warehouse and, when they are deleted, also to the archive; what is about the own tables of tools goes nowhere.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  route "orders" {
    match {
      tables = ["dbo.Order*"]
    }
    outputs = ["warehouse"]
  }

  route "deleted" {
    match {
      operations = ["delete"]
    }
    outputs = ["archive"]
  }

  route "large" {
    match {
      tables = ["dbo.Orders"]
    }
    when    = "has(data.Amount) && double(data.Amount) > 100.0"
    outputs = ["review"]
  }

  route "tools" {
    match {
      tables = ["tools.*"]
    }
    outputs = []
  }

  output "warehouse" {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_PUBLISHER_CONNECTION_STRING" }}"
  }

  output "review" {
    type = "console"
  }

  output "archive" {
    type = "file"
    path = "{{ schema }}.{{ table }}.jsonl"
  }

  default_outputs = ["warehouse"]
}
