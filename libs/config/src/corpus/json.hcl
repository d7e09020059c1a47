{
  "ingester": {
    "tables": ["Persons"]
  }
}
