title = "stream"

[ingester.topic]
name = "ingest-topic"
