/** What an ingester with a configuration would read and send, for `dstream plan`. */
import type { IngesterConfig } from '@dstream/config';
import {
  noSourceObserver,
  sessionsOf,
  silentLog,
  tableName,
  type CallOptions,
  type Clock,
  type CredentialOf,
  type OutlinedTable,
  type SourceOutline,
  type TableId,
} from '@dstream/core';
import { adapterServices, sha256Hex } from '@dstream/runtime/service-context';
import { orderingOf, sourceServices } from './settings.ts';

/** One line of `dstream plan`. */
export interface PlannedTable {
  /** `schema.table`, or `schema.*` where only the source knows which tables that covers. */
  readonly table: string;
  /** Undefined for a pattern. Offline in the spelling of the file, which the catalogue may correct. */
  readonly id: TableId | undefined;
  /** The oldest first. Undefined when the source was not asked, or reports a fault instead. */
  readonly captureInstances: readonly string[] | undefined;
  /** The sessions that carry its changes. Empty for a pattern. */
  readonly sessions: readonly string[];
  readonly fault: { readonly code: string; readonly message: string } | undefined;
}

/** What an ingester would read and send. */
export interface IngesterPlan {
  readonly source: SourceOutline;
  readonly tables: readonly PlannedTable[];
}

/** What asking the source needs. */
export interface PlanContext {
  readonly clock: Clock;
  readonly credential: CredentialOf;
}

/** From the file alone. Throws ConfigInvalid, with file and line, where it is not known which source it is. */
export function planOffline(config: IngesterConfig): IngesterPlan {
  config.assertOrderingSet();
  return planOf(config.source.outline(config.name, sha256Hex), config);
}

/** Asks the source. Rejects when it cannot be reached or refuses; a table's fault is part of the plan. */
export async function planOnline(
  config: IngesterConfig,
  context: PlanContext,
  o: CallOptions,
): Promise<IngesterPlan> {
  config.assertOrderingSet();
  const services = adapterServices({ ...context, log: silentLog });
  const asked = await config.source.catalogue(sourceServices(config, services, noSourceObserver), o);
  return planOf(asked, config);
}

function planOf(source: SourceOutline, config: IngesterConfig): IngesterPlan {
  return { source, tables: source.tables.map((table) => planned(table, source, config)) };
}

function planned(
  { schema, table, captureInstances, fault }: OutlinedTable,
  { name: source, database }: SourceOutline,
  config: IngesterConfig,
): PlannedTable {
  if (table === undefined)
    return { table: `${schema}.*`, id: undefined, captureInstances, sessions: [], fault };
  const id = { source, database, schema, table };
  const sessions = sessionsOf(id, orderingOf(config), sha256Hex);
  return { table: tableName(id), id, captureInstances, sessions, fault };
}
