# Personal data leaves the company masked: names are removed, e-mail addresses become a hash that still joins rows.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "no-personal-data" {
    type = "columns"
    match {
      tables = ["dbo.Customers"]
    }
    drop      = ["Notes"]
    hash      = ["Email"]
    hash_salt = "{{ env "HASH_SALT" }}"
    mask      = ["Phone"]
    truncate  = { PostalCode = 2 }
  }

  output {
    type = "console"
  }
}
