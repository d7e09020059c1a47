-- The gating role of a table that was captured with one (@role_name of sys.sp_cdc_enable_table): it lets in its members only.
--   sqlcmd -S SERVER -d DATABASE -i gating-role.sql -v user="dstream" role="persons_readers"
-- A script of its own: the server refuses a batch that names no role in [], even where it is not run.
ALTER ROLE [$(role)] ADD MEMBER [$(user)];
GO
