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
    rename   = { A = "C", B = "C" }
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
}
