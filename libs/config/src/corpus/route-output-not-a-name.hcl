# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  route "all" {
    outputs = ["console", 1]
  }
}
