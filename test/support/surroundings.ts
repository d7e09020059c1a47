/**
 * What the pipeline under test stands between: stand-ins of its own, or the real services that the environment names
 * (`endpoints.ts`). There a test has a database and a container of its own and shares topic and subscription.
 */
import { randomUUID } from 'node:crypto';
import { BlobServiceClient } from '@azure/storage-blob';
import { startStandIns, type StandIns, type StandInsOptions } from '@dstream/stand-ins';
import type sql from 'mssql';
import { openDatabase } from './database.ts';
import { realEventHubs, realServices, type RealServices } from './endpoints.ts';
import { SqlServerDatabase } from './sql-server-database.ts';

/** What the configuration files of `config/` name. */
export type ConnectionStrings = StandIns['env'];

export interface Surroundings extends AsyncDisposable {
  readonly env: ConnectionStrings;
  /** Empty, without change data capture. */
  readonly database: sql.ConnectionPool;
  readonly databaseName: string;
  readonly topic: string;
  readonly subscription: string;
  readonly container: string;
  /** Undefined on real services, where nothing can be made to go wrong. */
  readonly standIns: StandIns | undefined;
  /** How much longer a change takes until it is captured than in a stand-in, milliseconds. */
  readonly captureMs: number;
}

/** @param options of the stand-ins; real services are what they are */
export function openSurroundings(options: StandInsOptions = {}): Promise<Surroundings> {
  const real = realServices();
  return real === undefined ? openStandIns(options) : onRealServices(real);
}

export async function openStandIns(options: StandInsOptions = {}): Promise<Surroundings> {
  await using starting = new AsyncDisposableStack();
  const standIns = starting.use(await startStandIns(options));
  const { env } = standIns;
  const database = await openDatabase(env.DSTREAM_DB_CONNECTION_STRING);
  starting.defer(() => database.close());
  return open(starting, {
    env,
    database,
    databaseName: 'shop',
    topic: 'ingest-topic',
    subscription: 'dstream',
    container: 'locks',
    standIns,
    captureMs: 0,
  });
}

/** The capture job of SQL Server scans every five seconds, and starts a while after the first table is enabled. */
const realCaptureMs = 60_000;

async function onRealServices({ serviceBus, blobs, sqlServer }: RealServices): Promise<Surroundings> {
  await using starting = new AsyncDisposableStack();
  const database = starting.use(
    await SqlServerDatabase.create(sqlServer.connectionString, { enable: false }),
  );
  const container = `dstream-test-${randomUUID()}`;
  starting.defer(() => removeContainer(blobs.connectionString, container));
  return open(starting, {
    env: {
      DSTREAM_DB_CONNECTION_STRING: database.connectionString,
      DSTREAM_INGEST_CONNECTION_STRING: serviceBus.connectionString,
      DSTREAM_PUBLISHER_CONNECTION_STRING: serviceBus.connectionString,
      DSTREAM_EVENT_HUBS_CONNECTION_STRING: realEventHubs()?.connectionString ?? '',
      DSTREAM_BLOB_CONNECTION_STRING: blobs.connectionString,
    },
    database: database.pool,
    databaseName: database.name,
    topic: serviceBus.topic,
    subscription: serviceBus.subscription,
    container,
    standIns: undefined,
    captureMs: realCaptureMs,
  });
}

async function removeContainer(connectionString: string, name: string): Promise<void> {
  await BlobServiceClient.fromConnectionString(connectionString).getContainerClient(name).deleteIfExists();
}

function open(starting: AsyncDisposableStack, what: Omit<Surroundings, typeof Symbol.asyncDispose>) {
  const running = starting.move();
  return { ...what, [Symbol.asyncDispose]: () => running.disposeAsync() };
}
