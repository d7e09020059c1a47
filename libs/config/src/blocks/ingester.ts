import { DStreamError } from '@dstream/core';
import { conceal } from '../schema/conceal.ts';
import type { IngesterConfig } from './configuration.ts';
import type { Context } from '../schema/context.ts';
import type { BlockNode } from '../text/hcl-document.ts';
import { readBlock } from '../schema/read-block.ts';
import type { Reading } from '../schema/reading.ts';
import { child, optional, required, withDefault, type BlockSchema } from '../schema/schema.ts';
import { databaseConnectionString } from '../values/connection-strings.ts';
import { sourceName, tableNames } from '../values/names.ts';
import { choice, wholeNumber } from '../values/scalars.ts';
import type { FileContext } from './file-context.ts';
import { locksSchema, readLocks } from './locks.ts';
import {
  checkpointSchema,
  leaseSchema,
  checkpointConfigOf,
  leaseConfigOf,
  readConfigOf,
  readSchema,
} from './pace.ts';
import { checkPollPair, pollIntervalDefaultsSchema, type PollPair } from './poll-intervals.ts';
import { readTables, tablesOverridesSchema } from './tables.ts';
import { readTopic, topicSchema } from './topic.ts';

export const ingesterSchema = {
  type: 'ingester',
  doc: 'Reads the changes of tables and sends them to a topic: `dstream ingester`.',
  keys: {
    name: optional(
      sourceName,
      'derived from the host of the connection string',
      'Name of the source in the identity of its tables. To change it is to begin anew: leases, checkpoints and ids are built on it.',
    ),
    db_type: withDefault(choice(['sqlserver']), 'sqlserver', 'Kind of database.'),
    db_connection_string: required(
      databaseConnectionString,
      'The database, as Server=…;Database=… or sqlserver://…, with User Id and Password or Authentication=Active Directory Default.',
      { secret: true },
    ),
    tables: required(
      tableNames,
      'The tables to follow: "Persons" (of dbo), "sales.Orders", "sales.*" for all captured tables of a schema, "[odd.schema].[my table]".',
    ),
    start: withDefault(
      choice(['earliest', 'latest']),
      'earliest',
      'Where a table without a checkpoint begins: at the oldest change that is kept, or with what comes.',
    ),
    ordering: withDefault(
      choice(['table', 'key']),
      'table',
      'What keeps its order: the changes of a table, or those of a row. To change it on a running system: let the queue run empty first.',
    ),
    key_sessions: withDefault(
      wholeNumber({ min: 1, max: 1024 }),
      32,
      'Sessions of a table that is ordered by key. A processor holds max_sessions at a time. To change it: as ordering.',
    ),
    on_gap: withDefault(
      choice(['stop', 'skip', 'snapshot']),
      'stop',
      'What happens when changes are gone that were not read: the table stops, tells of the gap by an event and goes on after it, or is read anew.',
      { unbuilt: ['snapshot'] },
    ),
    oversize: withDefault(
      choice(['claim_check', 'stub']),
      'claim_check',
      'How a change travels that is too large for the broker: by reference to a blob, or without its data.',
      { built: false },
    ),
  },
  blocks: [
    child(pollIntervalDefaultsSchema, 'optional'),
    child(tablesOverridesSchema, 'optional'),
    child(topicSchema, 'required'),
    child(locksSchema, 'required'),
    child(readSchema, 'optional'),
    child(leaseSchema, 'optional'),
    child(checkpointSchema, 'optional'),
  ],
} as const satisfies BlockSchema;

export interface IngesterReading {
  /** Undefined when a block is missing that it cannot be without; a problem says so. */
  readonly config: IngesterConfig | undefined;
  /** Undefined when the topic's name is wrong or not known. */
  readonly topic: string | undefined;
}

export function readIngester(node: BlockNode, context: FileContext): IngesterReading {
  const reading = readBlock(ingesterSchema, node, node, context);
  const { place, values } = reading;
  checkDatabase(reading, context);
  const defaults = readPollDefaults(reading.block(pollIntervalDefaultsSchema), context);
  const listed = reading.isSound('tables') ? { path: 'ingester.tables', names: values.tables } : undefined;
  const tables = readTables(reading.block(tablesOverridesSchema), defaults, listed, context);
  const pace = {
    read: readConfigOf(reading.block(readSchema)),
    lease: leaseConfigOf(reading.block(leaseSchema)),
    checkpoint: checkpointConfigOf(reading.block(checkpointSchema)),
  };
  const [topic] = reading.blocks(topicSchema).map((block) => readTopic(block, context));
  const [locks] = reading.blocks(locksSchema).map((block) => readLocks(block, context));
  if (topic === undefined || locks === undefined) return { config: undefined, topic: topic?.knownName };
  const config: IngesterConfig = {
    path: place.path,
    name: values.name,
    dbType: values.db_type,
    dbConnectionString: values.db_connection_string,
    start: values.start,
    ordering: values.ordering,
    keySessions: values.key_sessions,
    onGap: values.on_gap,
    oversize: values.oversize,
    ...pace,
    topic: topic.config,
    locks,
    tables,
  };
  return { config: conceal(config, 'dbConnectionString'), topic: topic.knownName };
}

function checkDatabase(reading: Reading<(typeof ingesterSchema)['keys']>, context: FileContext): void {
  if (!reading.isSound('db_connection_string')) return;
  try {
    context.checkDatabase(reading.values.db_connection_string);
  } catch (error) {
    if (!(error instanceof DStreamError) || error.code !== 'ConfigInvalid') throw error;
    context.problems.add(reading.placeOf('db_connection_string'), error.message);
  }
}

function readPollDefaults(
  reading: Reading<(typeof pollIntervalDefaultsSchema)['keys']>,
  context: Context,
): PollPair {
  const pair = {
    pollIntervalMs: reading.values.poll_interval,
    maxPollIntervalMs: reading.values.max_poll_interval,
  };
  if (reading.isSound('poll_interval', 'max_poll_interval')) {
    checkPollPair(pair, reading.placeOf('poll_interval'), context);
  }
  return pair;
}
