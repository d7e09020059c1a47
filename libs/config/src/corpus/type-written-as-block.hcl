ingester {
  source {
    type {
    }
    db_connection_string = "{{ env "DB" }}"
    tables = ["Persons"]
  }
  topic {
    type {
    }
    connection_string = "{{ env "BUS" }}"
  }
  locks {
    type {
    }
    connection_string = "{{ env "BLOB" }}"
  }
}
processor {
  source {
    type {
    }
    connection_string = "{{ env "BUS" }}"
  }
  output {
    type {
    }
    path = "changes.jsonl"
  }
}
