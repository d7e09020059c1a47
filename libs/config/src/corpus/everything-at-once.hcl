ingester {
  db_type = "oracle"
  tables  = ["A", "A"]
  topic {
    nme = "x"
    /* a comment with { and "
    */
    name = "{{ env "NOT_SET" }}"
  }
  ordering = "key"
  locks {
    connection_string = <<EOT
not one {
EOT
    container_name = "L"
  }
}
