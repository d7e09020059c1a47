import { Problems } from '../schema/problems.ts';
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import type { SourceType } from '../definitions/source-type.ts';
import { blockOf, readBlock } from '../schema/read-block.ts';
import { child, optional, withDefault, type Reading, type BlockSchema, type Keys } from '../schema/schema.ts';
import type { BlockNode } from '../text/hcl-document.ts';
import { choice, text, wholeNumber } from '../values/scalars.ts';
import type { IngesterConfig, SourceConfig, TopicConfig } from './configuration.ts';
import {
  checkpointConfigOf,
  checkpointSchema,
  leaseConfigOf,
  leaseSchema,
  locksChildren,
  readLocks,
} from './leases.ts';
import { inlineSource, readSource, sourceChildren, sourceConfig, withoutInlineSource } from './source.ts';
import { readTopic, topicChildren } from './queue.ts';

/** Part of every table's identity, of blob names and of session ids. */
const sourceName = text({
  what: 'a source name',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?$/,
  right: 'use letters, digits, ".", "-" and "_", at most 64 characters',
});

const commonKeys = {
  name: optional(
    sourceName,
    'derived from the source; for SQL Server, the host of the connection string',
    'Name of the source, part of the identity of every table. Changing it restarts every table, because leases, checkpoints and ids are built on it.',
  ),
  start: withDefault(
    choice(['earliest', 'latest']),
    'earliest',
    'Where a table without a checkpoint starts: at the oldest change that is kept, or with new changes.',
  ),
  ordering: withDefault(
    choice(['table', 'key']),
    'table',
    'Which changes keep their order: those of a table, or those of a row. Let the subscription run empty before you change it.',
  ),
  key_sessions: withDefault(
    wholeNumber({ min: 1, max: 1024 }),
    32,
    'Sessions per table with ordering = "key". A processor works on max_sessions at a time. Let the subscription run empty before you change it.',
  ),
  on_gap: withDefault(
    choice(['stop', 'skip', 'snapshot']),
    'stop',
    'What to do when unread changes are gone: stop the table, send a gap event and continue after the gap, or read the table again.',
    { unbuilt: ['snapshot'] },
  ),
  oversize: withDefault(
    choice(['claim_check', 'stub']),
    'claim_check',
    'How to send a change that is too large for the broker: by reference to a blob, or without its data.',
    { built: false },
  ),
} as const satisfies Keys;

const keysOfSessions = new Set<string>(['ordering', 'key_sessions'] satisfies (keyof typeof commonKeys)[]);

/** Keys and blocks of `ingester` that do not concern its source. */
const besidesSource = new Set([
  'lease',
  'checkpoint',
  ...Object.keys(commonKeys).filter((k) => k !== 'name'),
]);

/** @param inline the source whose keys are in `ingester` itself; undefined where a block `source` has them */
export function ingesterSchema(types: AdapterTypes, inline: SourceType | undefined) {
  return {
    type: 'ingester',
    doc: 'Reads the changes of a source and sends them to a topic: `dstream ingester`.',
    keys: { ...commonKeys, ...inline?.keys },
    blocks: [
      ...sourceChildren(types, inline),
      ...(inline?.blocks ?? []),
      ...topicChildren(types),
      ...locksChildren(types),
      child(leaseSchema, 'optional'),
      child(checkpointSchema, 'optional'),
    ],
  } as const satisfies BlockSchema;
}

/** What reading the block gave. The topic is apart, because the processor of the file may need it although something else is missing. */
export interface IngesterReading {
  /** Undefined when a block is missing that it cannot be without; a problem says so. */
  readonly config: IngesterConfig | undefined;
  /** Undefined when the topic is wrong or missing. */
  readonly topic: TopicConfig | undefined;
}

/** Reads the block with everything in it. Problems go to the context; nothing is thrown. */
export function readIngester(node: BlockNode, context: FileContext): IngesterReading {
  const { reading, source, unset } = readWithSource(node, context);
  const [topicNode, locksNode] = [blockOf(node, 'topic'), blockOf(node, 'locks')];
  const topic = topicNode && readTopic(topicNode, reading.place, context);
  const locks = locksNode && readLocks(locksNode, reading.place, context);
  if (source === undefined || topic === undefined || locks === undefined) return { config: undefined, topic };
  return { config: { ...ownConfig(reading, unset), source, topic, locks }, topic };
}

type OwnReading = Reading<typeof commonKeys>;

interface WithSource {
  readonly reading: OwnReading;
  readonly source: SourceConfig | undefined;
  /** Variables of the keys and blocks in `ingester` itself. */
  readonly unset: Problems;
}

/** The block, and its source: from keys in it, or from a block of its own. */
function readWithSource(node: BlockNode, context: FileContext): WithSource {
  const inline = inlineSource(node, context.types);
  const own = inline === undefined ? withoutInlineSource(node, context) : node;
  const unset = new Problems(context.file);
  const schema: BlockSchema<typeof commonKeys> = ingesterSchema(context.types, inline);
  const reading = readBlock(schema, own, own, { ...context, unset });
  const ofSource = unset.only((path) => !besidesSource.has(partOf(path)));
  const source =
    inline === undefined
      ? readSource(node, reading.place, context, ofSource)
      : sourceConfig({ type: inline, reading, unset: ofSource }, context);
  return { reading, source, unset };
}

/** The key or block that a path below `ingester` begins with. */
function partOf(path: string): string {
  return path.split('.')[1] ?? '';
}

function ownConfig(reading: OwnReading, unset: Problems): Omit<IngesterConfig, 'source' | 'topic' | 'locks'> {
  const { place, values } = reading;
  const isByTable = reading.isSound('ordering') && values.ordering === 'table';
  const ofSessions = unset.only((path) => !isByTable && keysOfSessions.has(partOf(path)));
  return {
    path: place.path,
    name: values.name,
    start: values.start,
    ordering: values.ordering,
    keySessions: values.key_sessions,
    assertOrderingSet: () => ofSessions.throwIfAny(),
    onGap: values.on_gap,
    oversize: values.oversize,
    lease: leaseConfigOf(reading.block(leaseSchema)),
    checkpoint: checkpointConfigOf(reading.block(checkpointSchema)),
  };
}
