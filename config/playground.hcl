# `npm start` runs two ingesters and two processors with this file, against the stand-ins.
ingester {
  db_type              = "sqlserver"
  db_connection_string = "{{ env \"DSTREAM_DB_CONNECTION_STRING\" }}"
  name                 = "playground"

  poll_interval_defaults {
    poll_interval     = "500ms"
    max_poll_interval = "2s"
  }

  topic {
    name              = "ingest-topic"
    connection_string = "{{ env \"DSTREAM_INGEST_CONNECTION_STRING\" }}"
  }

  locks {
    type              = "azure_blob"
    connection_string = "{{ env \"DSTREAM_BLOB_CONNECTION_STRING\" }}"
    container_name    = "locks"
  }

  # A short lease: when one ingester is killed, the other soon takes its tables.
  lease { duration = "15s" }

  tables = ["Customers", "Products", "Orders", "OrderLines"]
}

processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env \"DSTREAM_PUBLISHER_CONNECTION_STRING\" }}"
  }

  output {
    type   = "console"
    format = "json"
  }
}

service {
  http = "127.0.0.1:0"
}
