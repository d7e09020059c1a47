import { maxChangesOfMessage } from '@dstream/core';
import type { TopicConfig } from './configuration.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import type { Reading } from '../schema/reading.ts';
import { withDefault, type BlockSchema } from '../schema/schema.ts';
import { entityName } from '../values/names.ts';
import { pack, sizeInBytes, wholeNumber } from '../values/scalars.ts';
import {
  brokerConnectionKeys,
  checkEntityPath,
  readBrokerConnection,
} from '../definitions/broker-connection.ts';

export const defaultTopic = 'ingest-topic';

export const topicSchema = {
  type: 'topic',
  doc: 'The Service Bus topic that changes are sent to.',
  keys: {
    name: withDefault(entityName, defaultTopic, 'Its name.'),
    ...brokerConnectionKeys('Service Bus'),
    pack: withDefault(
      pack,
      'auto',
      'What goes into one message: "auto" takes what one page has for a session, 1 takes one change, for topics that others read too.',
    ),
    pack_max_bytes: withDefault(
      sizeInBytes({ min: 1024, max: 104_857_600 }),
      131_072,
      'Bytes of a packed message, at most. One larger change travels alone.',
    ),
    pack_max_changes: withDefault(
      wholeNumber({ min: 1, max: maxChangesOfMessage }),
      500,
      'Changes of a packed message, at most.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

export interface TopicReading {
  readonly config: TopicConfig;
  /** Undefined when the name is wrong or its variable is not set. */
  readonly knownName: string | undefined;
}

export function readTopic(reading: Reading<(typeof topicSchema)['keys']>, context: Context): TopicReading {
  const { name, pack, pack_max_bytes: packMaxBytes, pack_max_changes: packMaxChanges } = reading.values;
  notePackWithoutEffect(reading, context);
  const connection = readBrokerConnection(reading, context.problems);
  if (reading.isSound('name', 'connection_string')) checkEntityPath(reading, name, context.problems);
  return {
    knownName: reading.isSound('name') ? name : undefined,
    config: {
      path: canonicalPath(reading.place.path),
      name,
      connection,
      pack,
      packMaxBytes,
      packMaxChanges: pack === 1 ? 1 : packMaxChanges,
    },
  };
}

function notePackWithoutEffect(reading: Reading<(typeof topicSchema)['keys']>, context: Context): void {
  if (reading.values.pack !== 1 || !reading.isGiven('pack_max_changes')) return;
  context.problems.addNote(reading.placeOf('pack_max_changes'), 'it has no effect beside pack = 1');
}
