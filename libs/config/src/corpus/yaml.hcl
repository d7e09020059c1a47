# our stream
ingester:
  tables:
    - Persons
