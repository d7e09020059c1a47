-- For a table that was captured with a gating role (@role_name of sys.sp_cdc_enable_table): only members read its changes.
--   sqlcmd -S SERVER -d DATABASE -i gating-role.sql -v user="dstream" role="persons_readers"
-- It is a separate script, because the server refuses a batch with an empty role name, even if it does not run.
ALTER ROLE [$(role)] ADD MEMBER [$(user)];
GO
