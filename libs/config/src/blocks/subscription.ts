/** `processor.source`: the subscription that changes are received from. */
import type { AdapterTypes } from '../definitions/adapter-types.ts';
import { onceSet, readTypedBlock, schemasOf, type TypedBlock } from '../definitions/block-type.ts';
import type { FileTopic, SubscriptionType } from '../definitions/queue-type.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import { child, withDefault, type ChildSchema } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { choice, duration, sizeInBytes, wholeNumber } from '../values/scalars.ts';
import type { SubscriptionConfig } from './configuration.ts';
import type { FileContext } from './file-context.ts';

const commonKeys = {
  max_sessions: withDefault(
    wholeNumber({ min: 1, max: 1000 }),
    32,
    'Sessions that one process works on at a time. While sessions take turns it holds an eighth more, at least one.',
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
    'How long a session waits, at most, whose messages are ahead of the clocks of this machine and of the broker. It then continues, with a warning.',
  ),
} as const;

function subscriptionBlock({
  queues: [first, ...others],
}: AdapterTypes): TypedBlock<SubscriptionType, typeof commonKeys> {
  const types = [first.subscription, ...others.map(({ subscription }) => subscription)] as const;
  return { block: 'source', types, typeDoc: 'Type of queue.', hasDefault: true, commonKeys };
}

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
  return {
    path: canonicalPath(reading.place.path),
    type: type.type,
    settings: subscription.settings,
    name: subscription.name,
    maxSessions: values.max_sessions,
    maxBytes: values.max_bytes,
    onHole: values.on_hole,
    clockToleranceMs: values.clock_tolerance,
    open: onceSet(unset, (services) => subscription.open(services)),
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
