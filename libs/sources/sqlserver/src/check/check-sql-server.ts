/**
 * The checks of SQL Server for `dstream check`: reach, sign in, version, capture, jobs, tables, rights. They work with the least
 * rights of deploy/sql, name the grant that is missing, and change nothing. Results carry no secret.
 */
import {
  DStreamError,
  type AdapterServices,
  type CallOptions,
  type CheckResult,
  type Checks,
} from '@dstream/core';
import { checkReach } from '@dstream/runtime/reach';
import type { SqlServerAddress } from '../address/sql-server-address.ts';
import { PooledSqlClient } from '../client/pooled-sql-client.ts';
import type { SqlClient } from '../client/sql-client.ts';
import { SqlConnection } from '../client/sql-connection.ts';
import type { ReadMode } from '../position/log-position.ts';
import type { TableSettings } from '../source/table-settings.ts';
import { captureFacts } from './capture-facts.ts';
import { judgeLoginError } from './check-login.ts';
import { judgeCapture } from './judge-capture.ts';
import {
  judgeCdc,
  judgeCdcRights,
  judgeClock,
  judgeEncryption,
  judgeTier,
  judgeUpdateability,
  judgeVersion,
  judgeZone,
} from './judge-server.ts';
import { judgeTables } from './judge-tables.ts';
import { passed } from './results.ts';
import { clockDifference, serverFacts, type ServerFacts } from './server-facts.ts';
import { instanceFacts, tableFacts } from './table-facts.ts';

/** The settings of a source, as far as they are checked. */
export interface CheckedSource {
  readonly address: SqlServerAddress;
  readonly tables: readonly TableSettings[];
  readonly mode: ReadMode;
}

type CheckServices = Pick<AdapterServices, 'clock'>;

/** Loads the driver. Rejects with `signal.reason` on abort, and with what was not foreseen. */
export async function* checkSqlServer(
  source: CheckedSource,
  services: CheckServices,
  o: CallOptions,
): Checks {
  const { host, port } = source.address;
  if (port !== undefined && !(yield* checkReach({ host, port, tls: false }, o))) return;
  await using client = openClient(source.address, services);
  yield* checkDatabase(client, source, services, o);
}

const packetSize = 16_384;
/** A check has a time limit as a whole: only an endless silence is given up here. */
const silence = { firstRowMs: 120_000, stallMs: 30_000 };

function openClient(address: SqlServerAddress, { clock }: CheckServices): PooledSqlClient {
  const open = (signal: AbortSignal) =>
    SqlConnection.open({ address, applicationName: 'dstream check', packetSize }, signal);
  return new PooledSqlClient({ open, streams: 1, silence, clock });
}

/** What comes after the address was reached. */
export async function* checkDatabase(
  client: SqlClient,
  source: CheckedSource,
  { clock }: CheckServices,
  o: CallOptions,
): Checks {
  const facts = await signIn(client, source.address, o);
  if ('outcome' in facts) {
    yield facts;
    return;
  }
  const version = judgeVersion(facts);
  yield* judgeConnection(source.address, facts);
  yield version;
  if (version.outcome === 'failed') return;
  yield* judgeServer(facts, source.address.readOnlyIntent);
  yield judgeClock(await clockDifference(client, clock, o));
  const readable = facts.cdcEnabled && facts.mayReadCdc;
  if (readable) yield* judgeCapture(await captureFacts(client, facts, o), facts);
  yield* checkTables(client, source, facts, readable, o);
}

function* judgeConnection(
  address: SqlServerAddress,
  { login, database, user }: ServerFacts,
): Generator<CheckResult> {
  yield passed('login', `signed in as ${login}, in the database "${database}" as ${user}`);
  yield judgeEncryption(address);
}

function* judgeServer(facts: ServerFacts, readOnlyIntent: boolean): Generator<CheckResult> {
  const tier = judgeTier(facts);
  if (tier !== undefined) yield tier;
  yield judgeUpdateability(facts, readOnlyIntent);
  yield judgeZone(facts);
  yield judgeCdc(facts);
  // Before CDC is enabled there is no schema cdc: an owner will have its rights, others need them granted then.
  if (facts.cdcEnabled || !facts.mayReadCdc) yield judgeCdcRights(facts);
}

/** Opens the first connection by the first query. */
async function signIn(
  client: SqlClient,
  address: SqlServerAddress,
  o: CallOptions,
): Promise<ServerFacts | CheckResult> {
  try {
    return await serverFacts(client, o);
  } catch (error) {
    o.signal.throwIfAborted();
    const result = error instanceof DStreamError ? judgeLoginError(error, address) : undefined;
    if (result === undefined) throw error;
    return result;
  }
}

/** Without CDC, too: what has to be captured is then known in the same run. */
async function* checkTables(
  client: SqlClient,
  { tables: settings, mode }: CheckedSource,
  { database, user }: ServerFacts,
  readable: boolean,
  o: CallOptions,
): Checks {
  const tables = await tableFacts(client, o);
  const instances = readable ? await instanceFacts(client, o) : undefined;
  yield* judgeTables({ settings, mode, tables, instances, database, user });
}
