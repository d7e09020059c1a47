# command: processor
processor {
  source {
    connection_string = "Endpoint=sb://shop/;SharedAccessKeyName=all;SharedAccessKey=eA=="
  }
  output {
    type          = "console"
    max_in_flight = 0
    timeout       = "5"
    retry {
      min_wait = "10s"
    }
  }
}
