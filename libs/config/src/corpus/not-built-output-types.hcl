ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "azure_service_bus"
    connection_string = "{{ env "BUS" }}"
    name = "{{ schema }}.{{ table }}"
  }
  output "hubs" {
    type = "azure_event_hubs"
    connection_string = "{{ env "BUS" }}"
  }
  output "archive" {
    type = "file"
    path = "x.jsonl"
  }
}
