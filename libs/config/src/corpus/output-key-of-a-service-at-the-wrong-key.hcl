ingester {
  db_connection_string = "{{ env "DB" }}"
  tables               = ["Persons"]
  topic {
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type = "warehouse"
    connection_string = "{{ env "BUS" }}"
    required = "open/sesame/q83vEjRWeJq7zN3u+wARIjNEVWZ3iJm="
  }
}
