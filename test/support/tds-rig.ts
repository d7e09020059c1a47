/** A TDS server with a scripted engine, and the clients the product uses. All of it is closed when the test ends. */
import sql from 'mssql';
import { Connection, type ConnectionConfiguration } from 'tedious';
import { onTestFinished } from 'vitest';
import {
  startTdsServer,
  type TdsServer,
  type TdsServerOptions,
} from '../stand-ins/sql-server/src/tds/tds-server.ts';
import { RecordingSqlEngine } from './recording-sql-engine.ts';

export async function startTds(
  options: Partial<TdsServerOptions> = {},
): Promise<{ server: TdsServer; engine: RecordingSqlEngine }> {
  const engine = new RecordingSqlEngine();
  const server = await startTdsServer({ engine, ...options });
  onTestFinished(() => server.close());
  return { server, engine };
}

function configuration(
  port: number,
  options: ConnectionConfiguration['options'] = {},
): ConnectionConfiguration {
  return {
    server: 'localhost',
    authentication: { type: 'default', options: { userName: 'sa', password: 'päss"word' } },
    options: { port, encrypt: false, database: 'shop', trustServerCertificate: true, ...options },
  };
}

export async function connectTds(
  port: number,
  options: ConnectionConfiguration['options'] = {},
): Promise<Connection> {
  const connection = new Connection(configuration(port, options));
  // Without a listener the error of a dropped connection would end the process.
  connection.on('error', () => undefined);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  connection.connect((failure) => (failure === undefined ? resolve() : reject(failure)));
  await promise;
  onTestFinished(() => connection.close());
  return connection;
}

export async function poolTds(
  port: number,
  options: sql.config['options'] = {},
): Promise<sql.ConnectionPool> {
  const made = new sql.ConnectionPool({
    server: 'localhost',
    port,
    user: 'sa',
    password: 'x',
    options: { encrypt: false, trustServerCertificate: true, ...options },
  });
  made.on('error', () => undefined);
  await made.connect();
  onTestFinished(() => made.close());
  return made;
}
