# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output "binary" {
    type     = "console"
    envelope = "cloudevents"
    cloudevents {
      mode = "binary"
    }
  }
  output "tombstones" {
    type     = "console"
    envelope = "debezium"
    debezium {
      tombstones = true
      bigint     = ["Id", "Orders.Id", "Orders.Id"]
    }
  }
}
