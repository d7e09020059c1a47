import type { SourceConfig } from './configuration.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import type { Reading } from '../schema/reading.ts';
import { optional, withDefault, type BlockSchema } from '../schema/schema.ts';
import { entityName, subscriptionName } from '../values/names.ts';
import { boolean, choice, duration, sizeInBytes, wholeNumber } from '../values/scalars.ts';
import {
  brokerConnectionKeys,
  checkEntityPath,
  readBrokerConnection,
} from '../definitions/broker-connection.ts';
import { defaultTopic } from './topic.ts';

export const sourceSchema = {
  type: 'source',
  doc: 'The subscription that changes are received from.',
  keys: {
    type: withDefault(choice(['azure_service_bus']), 'azure_service_bus', 'Kind of broker.'),
    ...brokerConnectionKeys('Service Bus'),
    topic: optional(entityName, `that of the file's ingester, else "${defaultTopic}"`, 'The topic.'),
    subscription: withDefault(subscriptionName, 'dstream', 'The subscription of the topic.'),
    sessions: withDefault(
      boolean,
      true,
      'Whether the subscription has sessions. Without them there is no order, and a repeat may pass.',
    ),
    max_sessions: withDefault(
      wholeNumber({ min: 1, max: 1000 }),
      32,
      'Sessions that one process works on side by side; an eighth more, one at least, while they take turns.',
    ),
    max_bytes: withDefault(
      sizeInBytes({ min: 1_048_576, max: 1_099_511_627_776 }),
      67_108_864,
      'Memory for messages that were received and are not settled, of all sessions: about seven times their bodies.',
    ),
    lock_duration: withDefault(
      // "Service Bus: message transfers, locks, and settlement": at most 5 minutes
      duration({ min: '1s', max: '5m' }),
      '60s',
      'How long a session is held without renewal: at most the lock duration of the subscription.',
    ),
    on_hole: withDefault(
      choice(['log', 'gap', 'ignore']),
      'log',
      'What becomes of messages that the topic accepted and that never came by their session, as when they expired: log, metric and `/status`; with "gap" also an event in their place; "ignore" for a subscription that filters. Without sessions they are not noticed.',
    ),
    clock_tolerance: withDefault(
      duration({ min: '1s', max: '24h' }),
      '10m',
      'Longest time, with a warning, for which a session waits whose messages lie ahead of the clocks of this machine and of the broker; then it goes on.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

/**
 * The topic of the ingester of the same file: `none` without an ingester, `reported` when a problem or a note says why
 * it is not known, `variable-not-set` when nothing does, because the command does not use the ingester.
 */
export type FileTopic =
  | { readonly kind: 'none' | 'reported' | 'variable-not-set' }
  | { readonly kind: 'known'; readonly name: string };

export function readSource(
  reading: Reading<(typeof sourceSchema)['keys']>,
  fileTopic: FileTopic,
  context: Context,
): SourceConfig {
  const { values } = reading;
  const topic = values.topic ?? inheritedTopic(reading, fileTopic, context);
  const connection = readBrokerConnection(reading, context.problems);
  if (topic !== undefined && reading.isSound('topic', 'connection_string')) {
    checkEntityPath(reading, topic, context.problems);
  }
  return {
    path: canonicalPath(reading.place.path),
    type: values.type,
    connection,
    topic: topic ?? '',
    subscription: values.subscription,
    sessions: values.sessions,
    maxSessions: values.max_sessions,
    maxBytes: values.max_bytes,
    lockDurationMs: values.lock_duration,
    onHole: values.on_hole,
    clockToleranceMs: values.clock_tolerance,
  };
}

function inheritedTopic(
  reading: Reading<(typeof sourceSchema)['keys']>,
  fileTopic: FileTopic,
  context: Context,
): string | undefined {
  if (fileTopic.kind === 'known') return fileTopic.name;
  if (fileTopic.kind === 'none') return defaultTopic;
  if (fileTopic.kind === 'variable-not-set' && !reading.isGiven('topic')) {
    context.problems.add(
      reading.placeOf('topic'),
      'the topic is that of ingester.topic, whose variable is not set; set it, or write topic = "…" here',
    );
  }
  return undefined;
}
