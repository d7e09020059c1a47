-- An identity of Microsoft Entra ID: `user` is the name of the managed identity, app registration or person.
-- Run by the server's Entra administrator:
--   sqlcmd -G -S SERVER -d DATABASE -i user-of-entra.sql -v user="dstream"
-- Then grants.sql.
CREATE USER [$(user)] FROM EXTERNAL PROVIDER;
GO
