# A service decides: http-service.js is one. `node http-service.js 8000` starts it.
processor {
  source {
    connection_string = "{{ env "DSTREAM_INGEST_CONNECTION_STRING" }}"
  }

  transform "score" {
    type = "http"
    match {
      tables     = ["dbo.Orders"]
      operations = ["insert", "update"]
    }
    url     = "{{ env "SCORE_URL" }}"
    headers = { Authorization = "Bearer {{ env "SCORE_TOKEN" }}" }
    timeout = "5s"
  }

  output {
    type = "console"
  }
}
