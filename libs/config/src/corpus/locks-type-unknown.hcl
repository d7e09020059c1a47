ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    type = "azure_blobs"
    container = "x"
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "console"
  }
}
