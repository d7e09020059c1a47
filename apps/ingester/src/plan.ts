/** What an ingester with a configuration would read and send, for `dstream plan`. */
import type { Configuration, IngesterConfig } from '@dstream/config';
import {
  isTableFault,
  sessionsOf,
  silentLog,
  tableName,
  tableOfPartition,
  type CallOptions,
  type Clock,
  type CredentialOf,
  type TableId,
} from '@dstream/core';
import { sha256Hex } from '@dstream/runtime';
import { defaultSourceName, placeOf, SqlServerSource, type SqlServerAddress } from '@dstream/sqlserver';
import { orderingOf, tableSettings } from './configured-tables.ts';
import { databaseAddress } from './database-address.ts';

export interface PlannedTable {
  /** `schema.table`, or `schema.*` where only the database knows which tables that covers. */
  readonly table: string;
  /** Undefined for a pattern. Offline in the spelling of the file, which the catalogue may correct. */
  readonly id: TableId | undefined;
  /** The oldest first. Undefined when the database was not asked, or has a fault to tell instead. */
  readonly captureInstances: readonly string[] | undefined;
  /** By which its changes travel. Empty for a pattern. */
  readonly sessions: readonly string[];
  readonly fault: { readonly code: string; readonly message: string } | undefined;
}

export interface IngesterPlan {
  /** The source's name in the identity of its tables. */
  readonly source: string;
  readonly server: string;
  readonly database: string;
  readonly tables: readonly PlannedTable[];
}

export interface PlanContext {
  readonly configuration: Configuration;
  readonly clock: Clock;
  readonly credential: CredentialOf;
}

/** From the file alone. Throws ConfigInvalid where the database's connection string is not known. */
export function planOffline(config: IngesterConfig, context: PlanContext): IngesterPlan {
  const address = databaseAddress(context.configuration, config, context.credential);
  const { database } = address;
  const source = config.name ?? defaultSourceName(address);
  const tables = config.tables.map(({ name: given }): PlannedTable => {
    if ('pattern' in given) return { ...unknown, table: `${given.schema}.*` };
    return planned({ source, database, ...given }, config);
  });
  return { source, server: placeOf(address), database, tables };
}

/** Asks the database. Rejects when it cannot be reached or refuses; a table's fault is part of the plan. */
export async function planOnline(
  config: IngesterConfig,
  context: PlanContext,
  o: CallOptions,
): Promise<IngesterPlan> {
  const address = databaseAddress(context.configuration, config, context.credential);
  await using source = openSource(config, address, context.clock);
  const ids = (await source.partitions(o)).map(tableOfPartition).filter((id) => id !== undefined);
  const tables = await Promise.all(ids.map((id) => askedFor(id, config, source, o)));
  return { source: source.name, server: placeOf(address), database: source.database, tables };
}

const unknown = { id: undefined, captureInstances: undefined, sessions: [], fault: undefined } as const;

function planned(id: TableId, config: IngesterConfig): PlannedTable {
  const sessions = sessionsOf(id, orderingOf(config), sha256Hex);
  return { ...unknown, table: tableName(id), id, sessions };
}

async function askedFor(
  id: TableId,
  config: IngesterConfig,
  source: SqlServerSource,
  o: CallOptions,
): Promise<PlannedTable> {
  try {
    return { ...planned(id, config), captureInstances: await source.captureInstances(id, o) };
  } catch (caught) {
    if (!isTableFault(caught)) throw caught;
    return { ...planned(id, config), fault: { code: caught.code, message: caught.message } };
  }
}

function openSource(config: IngesterConfig, address: SqlServerAddress, clock: Clock): SqlServerSource {
  return new SqlServerSource({
    ...(config.name === undefined ? {} : { name: config.name }),
    address,
    tables: config.tables.map(tableSettings),
    start: config.start,
    maxRows: config.read.maxRows,
    maxBytes: config.read.maxBytes,
    clock,
    log: silentLog,
    random: Math.random,
  });
}
