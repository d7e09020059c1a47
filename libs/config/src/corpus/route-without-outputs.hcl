# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  route "all" {
    match { tables = ["Orders"] }
  }
}
