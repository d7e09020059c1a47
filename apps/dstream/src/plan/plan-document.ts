/** What `dstream plan` answers a program. Kept stable: fields are added, none changes its meaning. */
import type { Configuration, OutputConfig } from '@dstream/config';
import type { IngesterPlan, PlannedTable } from '@dstream/ingester/plan';
import { sha256Hex } from '@dstream/runtime/sha256-hex';

export interface PlanDocument {
  readonly file: string;
  /** True: the source was not asked. Names are in the spelling of the file then, which the catalogue may correct. */
  readonly offline: boolean;
  /** Null where the file has no ingester. */
  readonly source: PlanSource | null;
  readonly tables: readonly PlanTable[];
  /** Null where the file has no processor. */
  readonly subscription: PlanSubscription | null;
  readonly outputs: readonly PlanOutput[];
  /** What a person should know, a sentence each. */
  readonly notes: readonly string[];
}

export interface PlanSource {
  /** In the identity of its tables. */
  readonly name: string;
  readonly server: string;
  readonly database: string;
  /** How it is read, of SQL Server `functions` or `direct`. Null where there is only one way. */
  readonly mode: string | null;
  /** The topic that changes are sent to. */
  readonly topic: string;
}

export interface PlanTable {
  /** `schema.table`, or `schema.*`: offline it is not known which tables that covers. */
  readonly table: string;
  /** The oldest first. Null when the source was not asked, has no such thing, or the table has a fault. */
  readonly captureInstances: readonly string[] | null;
  /** Session ids that its changes travel by. */
  readonly sessions: readonly string[];
  /** By the name of an output, where the table's changes go. Null: offline, of a pattern. */
  readonly destinations: Readonly<Record<string, string | null>>;
  /** Why it would not be read. */
  readonly fault: { readonly code: string; readonly message: string } | null;
}

export interface PlanSubscription {
  readonly topic: string;
  readonly subscription: string;
}

export interface PlanOutput {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/** @param ingester undefined where the file has none */
export function planDocument(
  configuration: Configuration,
  ingester: IngesterPlan | undefined,
  offline: boolean,
): PlanDocument {
  const outputs = configuration.processor?.outputs ?? [];
  const destinations = outputs.map((output) => ({ output, nameOf: namesOf(output) }));
  const tables = (ingester?.tables ?? []).map((table) => planTable(table, destinations));
  return {
    file: configuration.file,
    offline,
    source: sourceOf(configuration, ingester),
    tables,
    subscription: subscriptionOf(configuration),
    outputs: outputs.map(({ name, type, required }) => ({ name, type, required })),
    notes: [...configuration.notes, ...notesOf(configuration, tables, offline)],
  };
}

interface NamedOutput {
  readonly output: OutputConfig;
  readonly nameOf: (table: NonNullable<PlannedTable['id']>) => string;
}

function namesOf(output: OutputConfig): NamedOutput['nameOf'] {
  const names = output.destinationNames?.(sha256Hex);
  return ({ source, ...rest }) => (names === undefined ? output.type : names({ ...rest, server: source }));
}

function planTable(
  { table, id, captureInstances, sessions, fault }: PlannedTable,
  outputs: readonly NamedOutput[],
): PlanTable {
  const names = outputs.map(({ output, nameOf }) => [output.name, id === undefined ? null : nameOf(id)]);
  return {
    table,
    captureInstances: captureInstances ?? null,
    sessions,
    destinations: Object.fromEntries(names) as PlanTable['destinations'],
    fault: fault ?? null,
  };
}

function sourceOf({ ingester: config }: Configuration, plan: IngesterPlan | undefined): PlanSource | null {
  if (config === undefined || plan === undefined) return null;
  const { name, server, database, mode = null } = plan.source;
  return { name, server, database, mode, topic: config.topic.name };
}

function subscriptionOf({ processor }: Configuration): PlanSubscription | null {
  return processor === undefined ? null : processor.source.name;
}

function notesOf(
  { ingester, processor, file }: Configuration,
  tables: readonly PlanTable[],
  offline: boolean,
): readonly string[] {
  const patterns = offline ? tables.filter(({ table }) => table.endsWith('.*')) : [];
  return [
    ...patterns.map(
      ({ table }) => `which tables ${table} covers only the database knows: leave --offline out`,
    ),
    ...(ingester !== undefined && tables.length === 0 ? ['the source names no table yet'] : []),
    ...(ingester === undefined ? [`${file} has no ingester: which tables arrive is not known`] : []),
    ...(processor === undefined ? [`${file} has no processor: where changes go is not known`] : []),
  ];
}
