# Every key that there is, with its default where it has one. What stands behind "#" is an alternative,
# or is not built yet: `dstream validate` knows it, the commands refuse it. REFERENCE.md has the limits of every value.
#
# Durations are Go's ("200ms", "5s", "1h30m"), sizes are bytes. "{{ env "X" }}" is the variable X; the quotes may be
# escaped or backticks, too.

ingester {
  name                 = "shop" # default: derived from the host of the connection string

  # The source. Its keys and blocks (db_type, db_connection_string, tables, tables_overrides, poll_interval_defaults, read)
  # may be in a block of their own instead: source { type = "sqlserver" … }
  db_type              = "sqlserver"
  db_connection_string = "{{ env "DSTREAM_DB_CONNECTION_STRING" }}"

  # "Table" is of dbo; "schema.*" takes all captured tables of a schema; odd names stand in brackets.
  tables = ["Persons", "sales.Orders", "stock.*", "[odd.schema].[my table]"]

  start    = "earliest" # or "latest": where a table without a checkpoint begins
  on_gap   = "stop"     # or "skip"; "snapshot" is not built yet
  ordering = "table"    # or "key": the changes of each row, dealt among key_sessions
  key_sessions = 32
  # oversize     = "claim_check" # or "stub"

  poll_interval_defaults {
    poll_interval     = "5s"
    max_poll_interval = "2m"
  }

  tables_overrides {
    overrides {
      table_name        = "Persons"
      poll_interval     = "1s" # default: that of poll_interval_defaults
      max_poll_interval = "10m"
    }
    overrides {
      table_name    = "stock.Levels" # one table of the schema that is taken whole
      poll_interval = "200ms"
    }
  }

  topic {
    type              = "azure_service_bus" # or "direct", without a broker: not built yet
    name              = "ingest-topic"
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
    # namespace       = "shop.servicebus.windows.net" # instead: the managed identity signs in
    transport        = "amqp" # or "websockets": port 443, and through the proxy of HTTPS_PROXY
    pack             = "auto" # or 1: one change a message
    pack_max_bytes   = 131072
    pack_max_changes = 500
  }

  locks {
    type              = "azure_blob"
    connection_string = "{{ env "DSTREAM_BLOB_CONNECTION_STRING" }}"
    # account_url     = "https://shop.blob.core.windows.net" # instead: the managed identity signs in
    container_name = "locks"
  }

  read {
    mode      = "functions" # or "direct"
    max_rows  = 5000
    max_bytes = 8388608 # read and not sent yet
  }

  lease {
    duration = "30s"
  }

  checkpoint {
    interval      = "1s"
    idle_interval = "60s"
  }
}

# "publisher" is the older name of this block.
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_PUBLISHER_CONNECTION_STRING" }}"
    # namespace       = "shop.servicebus.windows.net" # instead: the managed identity signs in
    transport       = "amqp"         # or "websockets": port 443, and through the proxy of HTTPS_PROXY
    topic           = "ingest-topic" # default: that of the ingester of this file
    subscription    = "dstream"
    sessions        = true
    max_sessions    = 32
    max_bytes       = 67108864 # memory for messages that are not settled, of all sessions
    lock_duration   = "60s" # at most that of the subscription
    on_hole         = "log" # or "gap": an event for messages that never came; "ignore" for a subscription that filters
    clock_tolerance = "10m" # a session waits so long for a clock that is behind, then goes on
  }

  # Every output gets every change. A single one needs no label.
  output "screen" {
    type   = "console"
    format = "auto" # "json" or "pretty"; auto is pretty in a terminal
  }

  output "orders" {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_ORDERS_CONNECTION_STRING" }}"
    # namespace       = "shop.servicebus.windows.net" # instead: the managed identity signs in
    transport = "amqp" # or "websockets"

    name = "{{ server }}.{{ database }}.{{ table }}.events" # a queue or a topic; {{ schema }} is possible, too
    pack = 1                                                # or "auto": several changes of a table
  }

  output "analytics" {
    type      = "azure_event_hubs"
    namespace = "shop-analytics.servicebus.windows.net" # or connection_string
    name      = "changes"                               # default: as above
    transport = "websockets"                            # AMQP over port 443
  }

  output "archive" {
    type      = "file"
    path      = "changes.jsonl"
    max_bytes = 104857600 # then a new file is begun, and
    max_age   = "1h"      # after this time; default: no limit
    required  = false     # messages do not wait for it, but
    buffer    = 8388608   # so many bytes wait; what it then drops is counted
  }

  # default_outputs = ["screen"]
  # transform "name" { … }
  # route "name" { … }
}

service {
  log_level        = "info"           # "debug", "warn", "error"; DSTREAM_LOG_LEVEL goes before it
  http             = "127.0.0.1:8080" # "" for none, port 0 for any free one
  shutdown_timeout = "30s"
}
