/** What `dstream plan` prints as JSON. Stable: fields are added, none changes its meaning. */
import type { Configuration, OutputConfig } from '@dstream/config';
import type { IngesterPlan, PlannedTable } from '@dstream/ingester/plan';
import type { TableId } from '@dstream/core';
import { sha256Hex } from '@dstream/runtime/service-context';
import { pathOf, type TablePath } from './plan-paths.ts';

/** The whole answer. */
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
  /** In the order of the file. */
  readonly transforms: readonly PlanTransform[];
  /** What a person should know, one sentence each. */
  readonly notes: readonly string[];
}

/** What is read, and where it is sent. */
export interface PlanSource {
  /** Part of the identity of its tables. */
  readonly name: string;
  readonly server: string;
  readonly database: string;
  /** For SQL Server `functions` or `direct`. Null where there is only one way to read. */
  readonly mode: string | null;
  /** The topic that changes are sent to. */
  readonly topic: string;
}

/** One table, or one pattern. */
export interface PlanTable {
  /** `schema.table`, or `schema.*`: offline it is not known which tables that covers. */
  readonly table: string;
  /** The oldest first. Null when the source was not asked, has no such thing, or the table has a fault. */
  readonly captureInstances: readonly string[] | null;
  /** Session ids that its changes travel by. */
  readonly sessions: readonly string[];
  /** Transforms that may be given its changes, in the order in which they are applied. */
  readonly transforms: readonly string[];
  /** By the name of an output that the routes may choose, where the table's changes go. Null: offline, of a pattern. */
  readonly destinations: Readonly<Record<string, string | null>>;
  /** Why the table would not be read. */
  readonly fault: { readonly code: string; readonly message: string } | null;
}

/** Where the processor receives from. */
export interface PlanSubscription {
  readonly topic: string;
  readonly subscription: string;
}

/** One output, in the order of the file. */
export interface PlanOutput {
  readonly name: string;
  readonly type: string;
  readonly required: boolean;
}

/** One transform, in the order of the file. */
export interface PlanTransform {
  readonly name: string;
  readonly type: string;
}

/** Joins the file with what the source answered. Pure. @param ingester undefined where the file has none */
export function planDocument(
  configuration: Configuration,
  ingester: IngesterPlan | undefined,
  offline: boolean,
): PlanDocument {
  const { processor } = configuration;
  const { outputs = [], transforms = [] } = processor ?? {};
  const destinations = outputs.map((output) => ({ output, nameOf: namesOf(output) }));
  const path = (id: TableId | undefined) => processor && pathOf(processor, id);
  const tables = (ingester?.tables ?? []).map((table) => planTable(table, destinations, path(table.id)));
  return {
    file: configuration.file,
    offline,
    source: sourceOf(configuration, ingester),
    tables,
    subscription: subscriptionOf(configuration),
    outputs: outputs.map(({ name, type, required }) => ({ name, type, required })),
    transforms: transforms.map(({ name, type }) => ({ name, type })),
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
  path: TablePath | undefined,
): PlanTable {
  const possible = outputs.filter(({ output: { name } }) => path?.outputs.includes(name));
  const names = possible.map(({ output, nameOf }) => [output.name, id === undefined ? null : nameOf(id)]);
  return {
    table,
    captureInstances: captureInstances ?? null,
    sessions,
    transforms: path?.transforms ?? [],
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
    ...patterns.map(({ table }) => `only the database knows the tables of ${table}: run without --offline`),
    ...(ingester !== undefined && tables.length === 0 ? ['the source has no tables yet'] : []),
    ...(ingester === undefined ? [`${file} has no ingester block: the tables are not known`] : []),
    ...(processor === undefined ? [`${file} has no processor block: the destinations are not known`] : []),
  ];
}
