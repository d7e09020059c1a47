# command: processor
processor {
  source {
    type              = "azure_service_bus"
    connection_string = "{{ env "BUS" }}"
  }
  output "a" {
    type     = "console"
    required = false
  }
  output "b" {
    type     = "console"
    required = false
    buffer   = 1048576
  }
}
