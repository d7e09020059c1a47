-- The least rights that `dstream ingester` needs to read captured tables. It never writes to the database, runs no procedure,
-- and needs no server rights.
-- Run in the captured database by its owner, once for each captured table; running it again is harmless:
--   sqlcmd -S SERVER -d DATABASE -i grants.sql -v user="dstream" schema="dbo" table="Persons"
-- For a table that was captured with a gating role, also run gating-role.sql. Gating roles:
--   SELECT capture_instance, role_name FROM cdc.change_tables;

-- The change tables and their metadata.
GRANT SELECT ON SCHEMA::cdc TO [$(user)];
GO

-- The captured columns: CDC returns a table's changes only to users who may read all captured columns, and a table that a user
-- may not read is not visible in the catalogue. The captured columns are enough, instead of the whole table:
-- GRANT SELECT ON [schema].[table] ([Id], [Name]) TO [user].
GRANT SELECT ON [$(schema)].[$(table)] TO [$(user)];
GO
