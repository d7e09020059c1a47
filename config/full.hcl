# Every key, with its default where it has one. After "#": an alternative, or what is not built yet (`dstream validate`
# accepts it, the other commands refuse it). Limits of every value: REFERENCE.md.
#
# Durations are Go's ("200ms", "5s", "1h30m"), sizes are bytes. "{{ env "X" }}" is replaced by the variable X; its quotes
# may be bare, escaped or backticks.

ingester {
  name                 = "shop" # default: derived from the host of the connection string

  # The source. Its keys and blocks (db_type, db_connection_string, tables, tables_overrides, poll_interval_defaults, read)
  # may also stand in a block of their own: source { type = "sqlserver" … }
  db_type              = "sqlserver"
  db_connection_string = "{{ env "DSTREAM_DB_CONNECTION_STRING" }}"

  # "Table" is dbo.Table, "schema.*" all captured tables of a schema; brackets for names with dots or spaces.
  tables = ["Persons", "sales.Orders", "stock.*", "[odd.schema].[my table]"]

  start    = "earliest" # or "latest": where a table without a checkpoint starts
  on_gap   = "stop"     # or "skip"; "snapshot" is not built yet
  ordering = "table"    # or "key": order per row, spread over key_sessions
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
      table_name    = "stock.Levels" # a table of "stock.*"
      poll_interval = "200ms"
    }
  }

  topic {
    type              = "azure_service_bus" # or "direct", without a broker: not built yet
    name              = "ingest-topic"
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
    # namespace       = "shop.servicebus.windows.net" # instead: sign in with an identity
    transport        = "amqp" # or "websockets": port 443, through the proxy of HTTPS_PROXY
    pack             = "auto" # or 1: one change per message
    pack_max_bytes   = 131072
    pack_max_changes = 500
  }

  locks {
    type              = "azure_blob"
    connection_string = "{{ env "DSTREAM_BLOB_CONNECTION_STRING" }}"
    # account_url     = "https://shop.blob.core.windows.net" # instead: sign in with an identity
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

# "publisher" is an older name of this block.
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_PUBLISHER_CONNECTION_STRING" }}"
    # namespace       = "shop.servicebus.windows.net" # instead: sign in with an identity
    transport       = "amqp"         # or "websockets": port 443, through the proxy of HTTPS_PROXY
    topic           = "ingest-topic" # default: the topic of the ingester in this file
    subscription    = "dstream"
    sessions        = true
    max_sessions    = 32
    max_waiting_sessions = 256 # held besides, with one message each, while an output is unavailable
    max_bytes       = 67108864 # memory for messages that are not settled, over all sessions
    lock_duration   = "60s" # at most that of the subscription
    on_hole         = "log" # or "gap": also an event for messages that never arrived; "ignore" if the subscription filters
    clock_tolerance = "10m" # how long a session waits for a clock that is behind
  }

  # Every output gets every change. A single one needs no label.
  output "screen" {
    type   = "console"
    format = "auto" # or "json", "pretty"; auto is pretty in a terminal
  }

  output "orders" {
    type              = "azure_service_bus"
    connection_string = "{{ env "DSTREAM_ORDERS_CONNECTION_STRING" }}"
    # namespace       = "shop.servicebus.windows.net" # instead: sign in with an identity
    transport = "amqp" # or "websockets"

    # A queue or a topic. {{ schema }}, {{ operation }}, {{ data.COLUMN }} and {{ key.COLUMN }} work too.
    name             = "{{ server }}.{{ database }}.{{ table }}.events"
    max_destinations = 1000 # that are open at a time; event hubs: 256
    pack             = 1    # or "auto": several changes per message

    envelope = "cloudevents" # default "dstream"; or "debezium", "plain"
    cloudevents {
      mode = "structured" # or "binary": the attributes as properties of the message
    }
  }

  output "analytics" {
    type      = "azure_event_hubs"
    namespace = "shop-analytics.servicebus.windows.net" # or connection_string
    name      = "changes"                               # default: as above
    transport = "websockets"                            # AMQP over port 443
    envelope  = "debezium"
    debezium {
      wrapper    = false         # or true: {"schema":null,"payload":…}
      tombstones = true          # after a delete an event without a body; only where the destination has keys
      bigint     = ["Orders.Id"] # columns of type bigint as numbers instead of strings
    }
  }

  output "archive" {
    type      = "file"
    path      = "changes.jsonl"
    max_bytes = 104857600 # then a new file is started
    max_age   = "1h"      # and after this time; default: no limit
    required  = false     # messages do not wait for it
    buffer    = 8388608   # what waits for it, in bytes; when full, the oldest is dropped and counted
    # of every output:
    max_in_flight = 8     # calls at a time, over all sessions; default: as many as there are sessions
    timeout       = "30s" # longest time of one call; default: that of the type
    retry {
      min_wait = "200ms" # between attempts while the output fails; doubles
      max_wait = "3s"
    }
  }

  output "hook" {
    type              = "http"
    url               = "https://example.org/changes" # {{ table }} and its like may be in the path and the query
    method            = "POST"                        # or "PUT", "PATCH"
    headers           = { Authorization = "Bearer {{ env "HOOK_TOKEN" }}" }
    body              = "array" # of JSON; or "lines": JSON Lines, "single": one change per request
    max_batch_changes = 100
    max_batch_bytes   = 102400
    secret            = "{{ env "HOOK_SECRET" }}"          # signs requests: whsec_…
    previous_secret   = "{{ env "HOOK_PREVIOUS_SECRET" }}" # signs, too, while the secret is exchanged
    lasting_statuses  = [400, 409, 413, 415, 422]          # refuse a change for good: it is dead-lettered
  }

  # default_outputs = ["screen"]
  # transform "name" { … } and route "name" { … }: see transforms/every-key.hcl
}

service {
  log_level        = "info"           # "debug", "warn", "error"; DSTREAM_LOG_LEVEL overrides it
  http             = "127.0.0.1:8080" # "" turns it off, port 0 takes any free port
  shutdown_timeout = "30s"

  # Asked for by everything but /livez and /readyz. Without it an address that is not loopback serves those two only.
  token             = "{{ env "DSTREAM_HTTP_TOKEN" }}"
  metrics_anonymous = false # or true: /metrics needs no token
}
