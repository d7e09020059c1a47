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
    match {
      tables     = ["a.b.c", ""]
      operations = ["upsert"]
      colums     = ["x"]
    }
  }
}
