# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  transform "a" {
    type = "columns"
    drop = ["Notes"]
  }
  transform "a" {
    type = "columns"
    drop = ["Other"]
  }
}
