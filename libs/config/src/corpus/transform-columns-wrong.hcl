# command: processor
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
  transform "one" {
    type     = "columns"
    drop     = ["Notes"]
    hash     = ["notes", "Email", "Phone"]
    mask     = ["Phone"]
    truncate = { Comment = 1.5 }
    convert  = { Amount = "decimal" }
    rename   = { A = "C", B = "c" }
    set      = { Region = "{{ row }}" }
  }
  transform "two" {
    type      = "columns"
    keep      = ["ID"]
    drop      = ["Notes"]
    rename    = { Name = "name" }
    hash_salt = "sesame"
    truncate  = ["Comment"]
  }
  transform "three" {
    type = "columns"
  }
  transform "four" {
    type = "columns"
    set  = { Count = 9007199254740993, Huge = 1e400 }
  }
  transform "five" {
    type   = "columns"
    rename = { A = "region" }
    set    = { Region = "eu" }
  }
}
