# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output "orders" {
    type "file" {
    }
    path = "changes.jsonl"
  }
  output "log" {
    type = "console"
  }
}
