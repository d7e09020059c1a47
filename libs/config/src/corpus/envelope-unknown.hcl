# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type     = "console"
    envelope = "debesium"
  }
}
