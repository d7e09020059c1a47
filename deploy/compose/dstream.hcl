# The configuration of deploy/compose.yaml, which sets the variables.
ingester {
  name                 = "shop"
  db_type              = "sqlserver"
  db_connection_string = "{{ env "DSTREAM_DB_CONNECTION_STRING" }}"
  tables               = ["dbo.*"]

  poll_interval_defaults {
    poll_interval     = "500ms"
    max_poll_interval = "5s"
  }

  topic {
    name              = "ingest-topic"
    connection_string = "{{ env "DSTREAM_SERVICE_BUS_CONNECTION_STRING" }}"
  }

  locks {
    type              = "azure_blob"
    connection_string = "{{ env "DSTREAM_BLOB_CONNECTION_STRING" }}"
    container_name    = "locks"
  }
}

processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_SERVICE_BUS_CONNECTION_STRING" }}"
  }

  output "screen" {
    type   = "console"
    format = "json"
  }

  output "analytics" {
    type              = "azure_event_hubs"
    connection_string = "{{ env "DSTREAM_EVENT_HUBS_CONNECTION_STRING" }}"
    name              = "changes"
  }
}

service {
  http              = "{{ env "DSTREAM_HTTP" }}"
  token             = "{{ env "DSTREAM_HTTP_TOKEN" }}"
  metrics_anonymous = true
}
