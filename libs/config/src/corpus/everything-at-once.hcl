ingester {
  db_type = "oracle"
  tables  = ["A", "A"]
  topic {
    nme = "x"
    /* a comment with { and "
    */
    name = "{{ env "NOT_SET" }}"
  }
  on_gap = "snapshot"
  locks {
    connection_string = <<EOT
not one {
EOT
    container_name = "L"
  }
}
