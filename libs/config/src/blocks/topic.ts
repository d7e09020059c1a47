import { maxChangesOfMessage } from '@dstream/core';
import type { AdapterTypes } from '../definitions/adapter-types.ts';
import { onceSet, readTypedBlock, schemasOf, type TypedBlock } from '../definitions/block-type.ts';
import type { TopicType } from '../definitions/queue-type.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import type { Reading } from '../schema/reading.ts';
import { child, withDefault, type ChildSchema } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { pack, sizeInBytes, wholeNumber } from '../values/scalars.ts';
import type { TopicConfig } from './configuration.ts';
import type { FileContext } from './file-context.ts';

const commonKeys = {
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

function topicBlock({ queues: [first, ...others] }: AdapterTypes): TypedBlock<TopicType, typeof commonKeys> {
  const types = [first.topic, ...others.map(({ topic }) => topic)] as const;
  return { block: 'topic', types, typeDoc: 'Type of queue.', hasDefault: true, commonKeys };
}

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
    open: onceSet(unset, (services) => topic.open(services)),
  };
}

function notePackWithoutEffect(reading: Reading<typeof commonKeys>, context: Context): void {
  if (reading.values.pack !== 1 || !reading.isGiven('pack_max_changes')) return;
  context.problems.addNote(reading.placeOf('pack_max_changes'), 'no effect with pack = 1; remove it');
}
