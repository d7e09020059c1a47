-- The least rights that `dstream ingester` needs to read captured tables. It never writes to the database, runs no procedure, and
-- needs no rights of the server.
-- Run in the captured database by its owner, once a captured table; running it again is harmless:
--   sqlcmd -S SERVER -d DATABASE -i grants.sql -v user="dstream" schema="dbo" table="Persons"
-- Of a table that was captured with a gating role, gating-role.sql too:
--   SELECT capture_instance, role_name FROM cdc.change_tables;

-- The change tables, and what describes them.
GRANT SELECT ON SCHEMA::cdc TO [$(user)];
GO

-- The captured columns. Capture hands out a table's changes only to who may read the columns it captures, and a table that one
-- may not read cannot be seen in the catalogue. Instead of the whole table the captured columns are enough:
-- GRANT SELECT ON [schema].[table] ([Id], [Name]) TO [user].
GRANT SELECT ON [$(schema)].[$(table)] TO [$(user)];
GO
