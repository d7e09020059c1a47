# Every key of transforms and routes. What a transform has no use for is left out in a file of your own.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "columns" {
    type = "columns"
    match {
      tables     = ["dbo.Customers", "sales.*"]
      operations = ["insert", "update", "delete", "read"]
      changed    = ["Email", "Name"] # of an update, one of these at least
    }
    drop           = ["Notes"]
    convert        = { Credit = "number" } # "text", "number", "boolean"
    truncate       = { PostalCode = 2 }
    hash           = ["Email"]
    hash_salt      = "{{ env "HASH_SALT" }}"
    mask           = ["Phone"]
    rename         = { Name = "FullName" }
    set            = { Source = "{{ schema }}.{{ table }}" }
    allow_key      = false
    on_error       = "dead_letter" # "drop", "pass"
    allow_unmasked = false         # true allows on_error = "pass" all the same
  }

  transform "keep" {
    type = "columns"
    match {
      tables = ["dbo.Orders"]
    }
    keep = ["ID", "Amount"] # instead of drop
  }

  transform "filter" {
    type = "filter"
    match {
      tables = ["dbo.Orders"]
    }
    when    = "metadata.operation == 'delete' || (has(data.Amount) && double(data.Amount) > 100.0)"
    leaving = "drop" # "delete"
  }

  transform "flatten" {
    type = "flatten"
    match {
      tables = ["dbo.Products"]
    }
    columns    = ["Attributes"] # that hold JSON: Attributes_a, Attributes_b_c, …
    separator  = "_"
    depth      = 24
    collisions = "error" # "suffix"
  }

  transform "parse-json" {
    type = "parse_json"
    match {
      tables = ["dbo.Products"]
    }
    columns = ["Tags"]
  }

  transform "script" {
    type = "script"
    match {
      tables = ["dbo.Other"]
    }
    file        = "enrich.js"
    allow_clock = false
    limits {
      cpu    = "50ms"
      memory = 33554432
    }
  }

  transform "http" {
    type = "http"
    match {
      tables = ["dbo.Scores"]
    }
    url                = "https://scores.example.org/changes"
    headers            = { Authorization = "Bearer {{ env "SCORE_TOKEN" }}" }
    timeout            = "10s"
    max_batch_changes  = 100
    max_batch_bytes    = 102400
    max_response_bytes = 1048576
    lasting_statuses   = [400, 409, 413, 415, 422]
  }

  transform "parse" {
    type = "parse_json" # after script and http, which take plain values
    match {
      tables = ["dbo.Documents"]
    }
    columns = ["Extra"]
  }

  route "orders" {
    match {
      tables     = ["dbo.Order*"]
      operations = ["insert", "update"]
      changed    = ["Amount"]
    }
    when    = "data.Amount != null"
    outputs = ["screen"]
  }

  output "screen" {
    type = "console"
  }

  default_outputs = ["screen"]
}
