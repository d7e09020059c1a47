/** The two sides of the queue: `ingester.topic`, to which changes are sent, and `processor.source`, from which they come. */
import { maxChangesOfMessage } from '@dstream/core';
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import {
  checksOnceSet,
  onceSet,
  readTypedBlock,
  schemasOf,
  type TypedBlock,
} from '../definitions/block-type.ts';
import type { FileTopic, SubscriptionType, TopicType } from '../definitions/queue-type.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import { child, withDefault, type ChildSchema, type Reading } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { choice, duration, pack, sizeInBytes, wholeNumber } from '../values/scalars.ts';
import type { SubscriptionConfig, TopicConfig } from './configuration.ts';

const topicKeys = {
  pack: withDefault(
    pack,
    'auto',
    'Changes per message: "auto" packs the changes of a session that were read together, 1 sends one change per message, for topics that others read too.',
  ),
  pack_max_bytes: withDefault(
    sizeInBytes({ min: 1024, max: 104_857_600 }),
    131_072,
    'Largest size of a packed message. A larger single change is sent alone.',
  ),
  pack_max_changes: withDefault(
    wholeNumber({ min: 1, max: maxChangesOfMessage }),
    500,
    'Most changes in a packed message.',
  ),
} as const;

function topicBlock({ queues: [first, ...others] }: AdapterTypes): TypedBlock<TopicType, typeof topicKeys> {
  const types = [first.topic, ...others.map(({ topic }) => topic)] as const;
  return { block: 'topic', types, typeDoc: 'Type of queue.', hasDefault: true, commonKeys: topicKeys };
}

/** The schemas of `ingester.topic`, one per type of queue. */
export function topicChildren(types: AdapterTypes): readonly ChildSchema[] {
  return schemasOf(topicBlock(types)).map((schema) => child(schema, 'required'));
}

/** Undefined when its type is not known; a problem says so. */
export function readTopic(node: BlockNode, parent: Place, context: FileContext): TopicConfig | undefined {
  const found = readTypedBlock(topicBlock(context.types), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading, unset } = found;
  notePackWithoutEffect(reading, context);
  const topic = type.read(reading, context.problems);
  const { values } = reading;
  return {
    path: canonicalPath(reading.place.path),
    type: type.type,
    settings: topic.settings,
    name: topic.name,
    pack: values.pack,
    packMaxBytes: values.pack_max_bytes,
    packMaxChanges: values.pack === 1 ? 1 : values.pack_max_changes,
    ...checksOnceSet(unset, topic),
    open: onceSet(unset, (services) => topic.open(services)),
  };
}

function notePackWithoutEffect(reading: Reading<typeof topicKeys>, context: Context): void {
  if (reading.values.pack !== 1 || !reading.isGiven('pack_max_changes')) return;
  context.problems.addNote(reading.placeOf('pack_max_changes'), 'no effect with pack = 1; remove it');
}

const subscriptionKeys = {
  max_sessions: withDefault(
    wholeNumber({ min: 1, max: 1000 }),
    32,
    'Sessions that one process works on at a time. While sessions rotate, up to one eighth more (at least one) are held.',
  ),
  max_waiting_sessions: withDefault(
    wholeNumber({ min: 0, max: 4_000 }),
    256,
    'Sessions that are held besides while they wait for an output or a transform that is unavailable, each with one message, so that sessions for other outputs continue. If there are more, they rotate. Their messages take up to `max_bytes` besides.',
  ),
  max_bytes: withDefault(
    sizeInBytes({ min: 1_048_576, max: 1_099_511_627_776 }),
    67_108_864,
    'Memory for received messages that are not settled yet, over all sessions. A message counts about seven times its body.',
  ),
  on_hole: withDefault(
    choice(['log', 'gap', 'ignore']),
    'log',
    'What to do about messages that the topic accepted and that never arrived, for instance because they expired: "log" reports them (log, metric, `/status`), "gap" also sends an event in their place, "ignore" is for a subscription that filters. Without sessions they cannot be detected.',
  ),
  clock_tolerance: withDefault(
    duration({ min: '1s', max: '24h' }),
    '10m',
    'Longest time a session is held because its messages carry a generation ahead of the local clock and of the clock of the broker. It then continues, with a warning.',
  ),
} as const;

function subscriptionBlock({
  queues: [first, ...others],
}: AdapterTypes): TypedBlock<SubscriptionType, typeof subscriptionKeys> {
  const types = [first.subscription, ...others.map(({ subscription }) => subscription)] as const;
  return {
    block: 'source',
    types,
    typeDoc: 'Type of queue.',
    hasDefault: true,
    commonKeys: subscriptionKeys,
  };
}

/** The schemas of `processor.source`, one per type of queue. */
export function subscriptionChildren(types: AdapterTypes): readonly ChildSchema[] {
  return schemasOf(subscriptionBlock(types)).map((schema) => child(schema, 'required'));
}

/**
 * The topic of the ingester of the same file: `none` without an ingester, `reported` when a problem or a note says why
 * it is not known, `variable-not-set` when nothing does, because the command does not use the ingester.
 */
export type IngesterTopic =
  | { readonly kind: 'none' | 'reported' | 'variable-not-set' }
  | { readonly kind: 'known'; readonly type: string; readonly name: string };

/** Undefined when its type is not known; a problem says so. */
export function readSubscription(
  node: BlockNode,
  parent: Place,
  ingesterTopic: IngesterTopic,
  context: FileContext,
): SubscriptionConfig | undefined {
  const found = readTypedBlock(subscriptionBlock(context.types), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading, unset } = found;
  const subscription = type.read(reading, context.problems, fileTopic(ingesterTopic, type.type, context));
  const { values } = reading;
  const { openDeadLetters } = subscription;
  return {
    path: canonicalPath(reading.place.path),
    type: type.type,
    settings: subscription.settings,
    name: subscription.name,
    maxSessions: values.max_sessions,
    maxWaitingSessions: values.max_waiting_sessions,
    maxBytes: values.max_bytes,
    onHole: values.on_hole,
    clockToleranceMs: values.clock_tolerance,
    ...checksOnceSet(unset, subscription),
    open: onceSet(unset, (services) => subscription.open(services)),
    ...(openDeadLetters !== undefined && { openDeadLetters: onceSet(unset, openDeadLetters) }),
  };
}

const keyOf = ({ path }: Place) => path.slice(path.lastIndexOf('.') + 1);

function fileTopic(topic: IngesterTopic, type: string, { problems }: Context): FileTopic {
  return {
    nameFor: (place, otherwise) => {
      if (topic.kind === 'known') return topic.type === type ? topic.name : otherwise;
      if (topic.kind === 'none') return otherwise;
      if (topic.kind === 'variable-not-set')
        problems.add(
          place,
          `the topic is taken from ingester.topic, whose variable is not set; set it, or write ${keyOf(place)} = "…" here`,
        );
      return undefined;
    },
  };
}
