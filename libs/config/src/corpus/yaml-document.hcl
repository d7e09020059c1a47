---
ingester:
  tables: [Persons]
