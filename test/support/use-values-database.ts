/** One database for all tests of a file about values, on a real SQL Server when one is named, else on the stand-in. */
import { afterAll, beforeAll } from 'vitest';
import { realSqlServer } from './endpoints.ts';
import { SqlServerDatabase } from './sql-server-database.ts';
import { startSqlServerStandIn } from './sql-server-stand-in.ts';

/** Called at the top of a file; the function gives the database from the first test on. */
export function useValuesDatabase(): () => SqlServerDatabase {
  const stack = new AsyncDisposableStack();
  let database: SqlServerDatabase;
  beforeAll(async () => {
    const { connectionString } = realSqlServer() ?? stack.use(await startSqlServerStandIn());
    database = stack.use(await SqlServerDatabase.create(connectionString));
  });
  afterAll(() => stack.disposeAsync());
  return () => database;
}
