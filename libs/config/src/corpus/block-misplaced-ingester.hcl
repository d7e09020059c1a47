processor {
  ingester {
    tables = ["Persons"]
  }
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
