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
    set      = { Notes = "none" }
    on_error = "pass"
  }
}
