/** The SQL Server that holds the values: a real one when one is named, else the stand-in. */
import { realSqlServer } from './endpoints.ts';
import { startSqlServerStandIn } from './sql-server-stand-in.ts';

export interface ValuesServer extends AsyncDisposable {
  readonly connectionString: string;
}

export async function startValuesServer(): Promise<ValuesServer> {
  const real = realSqlServer();
  if (real === undefined) return startSqlServerStandIn();
  return { ...real, [Symbol.asyncDispose]: () => Promise.resolve() };
}
