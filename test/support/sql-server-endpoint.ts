/**
 * A real SQL Server for the suites: the login may create databases in it. Undefined when
 * `DSTREAM_TEST_SQL_CONNECTION_STRING` (the `Server=…;Database=…` form) is not set.
 */
export function realSqlServer(): string | undefined {
  const value = process.env['DSTREAM_TEST_SQL_CONNECTION_STRING'];
  return value === '' ? undefined : value;
}
