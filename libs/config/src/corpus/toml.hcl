[ingester]
tables = ["Persons"]
