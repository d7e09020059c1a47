# command: validate
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  route "all" {
    when    = "data.Amount > "
    outputs = ["console"]
  }
}
