#!/bin/bash
# Run by `sql-set-up` of deploy/compose.yaml: makes the database `shop` and its user. Running it again changes nothing.
set -euo pipefail
cd /deploy

run() { /opt/mssql-tools18/bin/sqlcmd -C -b -S sql-server -U sa "$@"; }

run -i compose/shop.sql
known=$(run -h -1 -W -Q "SET NOCOUNT ON; SELECT COUNT(*) FROM sys.server_principals WHERE name = N'dstream'")
if [ "$known" = 0 ]; then run -d shop -i sql/user-of-login.sql -v user=dstream password="$DSTREAM_DB_PASSWORD"; fi
for table in Customers Orders; do run -d shop -i sql/grants.sql -v user=dstream schema=dbo table="$table"; done
