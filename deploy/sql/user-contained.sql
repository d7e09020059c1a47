-- Azure SQL Database, and SQL Server whose database has CONTAINMENT = PARTIAL: a user that exists in this database only.
-- Run by an administrator of the database:
--   sqlcmd -S SERVER -d DATABASE -i user-contained.sql -v user="dstream" password="…"
-- Then grants.sql.
CREATE USER [$(user)] WITH PASSWORD = N'$(password)';
GO
