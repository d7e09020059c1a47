# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output "forgotten" {
    type = "console"
    debezium {
      wrapper = true
    }
  }
  output "other" {
    type     = "console"
    envelope = "debezium"
    cloudevents {
      mode = "binary"
    }
  }
  output "as-key" {
    type     = "console"
    envelope = "debezium"
    debezium = "wrapper"
  }
}
