/** The SQL Server stand-in alone, and what it takes to connect to it. */
import { createControlledEngine } from '../stand-ins/all/src/controlled-engine.ts';
import { sqlLogin } from '../stand-ins/all/src/stand-ins-env.ts';
import { startSqlServer, type SqlServerStandIn } from '../stand-ins/all/src/start-sql-server.ts';

export interface RunningSqlServer extends AsyncDisposable {
  readonly server: SqlServerStandIn;
  readonly connectionString: string;
}

export async function startSqlServerStandIn(): Promise<RunningSqlServer> {
  const errors: unknown[] = [];
  const onError = (error: unknown) => errors.push(error);
  const server = await startSqlServer({ port: 0, engine: createControlledEngine(), onError });
  return {
    server,
    connectionString:
      `Server=127.0.0.1,${server.port};Database=${sqlLogin.database};User Id=${sqlLogin.user};` +
      `Password=${sqlLogin.password};Encrypt=false;TrustServerCertificate=true`,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      if (errors.length > 0) throw new AggregateError(errors, 'the SQL Server stand-in failed');
    },
  };
}
