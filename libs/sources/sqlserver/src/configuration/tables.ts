/** `tables`, `poll_interval_defaults` and `tables_overrides`: every table with its poll intervals. */
import {
  child,
  duration,
  formatDuration,
  nearest,
  optional,
  required,
  withDefault,
  type BlockSchema,
  type Findings,
  type Place,
  type Reading,
} from '@dstream/config/schema';
import type { TableSettings } from '../source/table-settings.ts';
import { formatTableName, tableName, type TableName } from './table-names.ts';

const pollInterval = duration({ min: '10ms', max: '24h' });

/** `poll_interval_defaults`. */
export const pollIntervalDefaultsSchema = {
  type: 'poll_interval_defaults',
  doc: 'How often tables are polled for changes.',
  keys: {
    poll_interval: withDefault(pollInterval, '5s', 'Time between two polls of a table that changes.'),
    max_poll_interval: withDefault(
      pollInterval,
      '2m',
      'Longest time between two polls: while nothing changes, the interval doubles up to it.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

interface PollPair {
  readonly pollIntervalMs: number;
  readonly maxPollIntervalMs: number;
}

/** The intervals of tables that have none of their own. */
export function readPollDefaults(
  reading: Reading<(typeof pollIntervalDefaultsSchema)['keys']>,
  findings: Findings,
): PollPair {
  const { poll_interval: pollIntervalMs, max_poll_interval: maxPollIntervalMs } = reading.values;
  const pair = { pollIntervalMs, maxPollIntervalMs };
  if (reading.isSound('poll_interval', 'max_poll_interval'))
    checkPollPair(pair, reading.placeOf('poll_interval'), findings);
  return pair;
}

/** The wait can only grow: a problem at `place` when its maximum is below it. */
function checkPollPair(pair: PollPair, place: Place, findings: Findings): void {
  const { pollIntervalMs: wait, maxPollIntervalMs: max } = pair;
  if (wait <= max) return;
  findings.add(
    place,
    `poll_interval ${formatDuration(wait)} is longer than max_poll_interval ${formatDuration(max)}; ` +
      'increase max_poll_interval',
  );
}

const overridesSchema = {
  type: 'overrides',
  doc: 'Poll intervals of one table.',
  keys: {
    table_name: required(tableName, 'A table in `tables`, or in a schema that is listed as "schema.*".'),
    poll_interval: optional(pollInterval, 'as in poll_interval_defaults', 'See poll_interval_defaults.'),
    max_poll_interval: optional(pollInterval, 'as in poll_interval_defaults', 'See poll_interval_defaults.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

/** `tables_overrides`. */
export const tablesOverridesSchema = {
  type: 'tables_overrides',
  doc: 'Poll intervals of single tables.',
  keys: {},
  blocks: [child(overridesSchema, 'many')],
} as const satisfies BlockSchema;

interface Override {
  readonly name: TableName;
  readonly intervals: PollPair;
}

/** @param listed undefined when the list is wrong or not known: then only the overrides themselves are checked */
export function readTables(
  overrides: Reading<(typeof tablesOverridesSchema)['keys']>,
  defaults: PollPair,
  listed: readonly TableName[] | undefined,
  findings: Findings,
): readonly TableSettings[] {
  const found = new Map<string, number>();
  const read = overrides
    .blocks(overridesSchema)
    .filter((reading) => reading.isSound('table_name') && isNew(reading, found, findings))
    .map((reading) => toOverride(reading, defaults, listed, findings));
  return listed === undefined ? [] : combine(listed, defaults, read);
}

type OverrideReading = Reading<(typeof overridesSchema)['keys']>;

function isNew(reading: OverrideReading, found: Map<string, number>, findings: Findings): boolean {
  const name = formatTableName(reading.values.table_name);
  const first = found.get(name);
  const place = reading.placeOf('table_name');
  if (first !== undefined) {
    findings.add(place, `duplicate override of ${name}, first on line ${first}; merge them`);
  }
  found.set(name, first ?? place.line);
  return first === undefined;
}

function toOverride(
  reading: OverrideReading,
  defaults: PollPair,
  listed: readonly TableName[] | undefined,
  findings: Findings,
): Override {
  const { table_name: name, poll_interval: wait, max_poll_interval: max } = reading.values;
  const intervals = {
    pollIntervalMs: wait ?? defaults.pollIntervalMs,
    maxPollIntervalMs: max ?? defaults.maxPollIntervalMs,
  };
  const place = reading.placeOf(reading.isGiven('poll_interval') ? 'poll_interval' : 'max_poll_interval');
  if (reading.isSound('poll_interval', 'max_poll_interval')) checkPollPair(intervals, place, findings);
  const target = listed === undefined ? name : targetOf(name, listed);
  if (target === undefined) findings.add(reading.placeOf('table_name'), notListed(name, listed ?? []));
  return { name: target ?? name, intervals };
}

/** The listed name that an override means: the same, else one that differs in case only, else itself in a whole schema. */
function targetOf(name: TableName, listed: readonly TableName[]): TableName | undefined {
  const wanted = formatTableName(name);
  const alike = listed.filter((l) => formatTableName(l).toLowerCase() === wanted.toLowerCase());
  const same =
    alike.find((l) => formatTableName(l) === wanted) ?? (alike.length === 1 ? alike[0] : undefined);
  if (same !== undefined || 'pattern' in name) return same;
  const schema = name.schema.toLowerCase();
  return listed.some((l) => 'pattern' in l && l.schema.toLowerCase() === schema) ? name : undefined;
}

function notListed(name: TableName, listed: readonly TableName[]): string {
  const wanted = formatTableName(name);
  const meant = nearest(wanted, listed.map(formatTableName));
  const advice = meant === undefined ? 'add it there or remove the override' : `did you mean "${meant}"?`;
  return `${wanted} is not in tables; ${advice}`;
}

/** The list in its order, then the overridden tables that it holds only as part of a schema: a table's entry goes first. */
function combine(
  listed: readonly TableName[],
  defaults: PollPair,
  overrides: readonly Override[],
): readonly TableSettings[] {
  const byName = new Map(overrides.map((override) => [formatTableName(override.name), override]));
  const entries = listed.map((name) => {
    const override = byName.get(formatTableName(name));
    byName.delete(formatTableName(name));
    return settingsOf(name, override?.intervals ?? defaults);
  });
  return [...entries, ...[...byName.values()].map(({ name, intervals }) => settingsOf(name, intervals))];
}

function settingsOf(name: TableName, intervals: PollPair): TableSettings {
  return { schema: name.schema, table: 'pattern' in name ? name.pattern : name.table, ...intervals };
}
