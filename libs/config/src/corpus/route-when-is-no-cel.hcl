# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  route "all" {
    when    = "metadata.operation = 'delete'"
    outputs = ["console"]
  }
}
