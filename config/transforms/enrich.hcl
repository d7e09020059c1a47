# A script adds what the destination needs and no column has.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "enrich" {
    type = "script"
    match {
      tables = ["dbo.Orders"]
    }
    file = "enrich.js"
    limits {
      cpu = "50ms"
    }
  }

  output "eu" {
    type = "console"
  }

  output "world" {
    type = "file"
    path = "world.jsonl"
  }

  default_outputs = ["world"]
}
