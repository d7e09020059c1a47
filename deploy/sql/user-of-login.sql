-- SQL Server and Managed Instance: a server login and its user in the captured database.
-- Run by an administrator of the server:
--   sqlcmd -S SERVER -d DATABASE -i user-of-login.sql -v user="dstream" password="…"
-- Then grants.sql. On Azure SQL Database use user-contained.sql or user-of-entra.sql: there, logins are in master.
CREATE LOGIN [$(user)] WITH PASSWORD = N'$(password)';
CREATE USER [$(user)] FOR LOGIN [$(user)];
GO
