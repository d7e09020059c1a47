# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  transform "mask" {
    type     = "columns"
    drop     = ["Notes"]
    on_error = "pass"
  }
}
