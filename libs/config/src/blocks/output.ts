/** The blocks `output`: the keys of every output around those of its type. */
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import { checksOnceSet, readTypedBlock, schemasOf, type TypedBlock } from '../definitions/block-type.ts';
import type { OutputType } from '../definitions/output-type.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import { child, optional, withDefault, type BlockSchema, type Reading } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { boolean, duration, sizeInBytes, wholeNumber } from '../values/scalars.ts';
import type { OutputConfig } from './configuration.ts';
import { envelopeBlocks, envelopeKey, readEnvelope, type EnvelopeKey } from './envelope.ts';

const outputKeys = {
  required: withDefault(
    boolean,
    true,
    'Whether messages wait for this output. An output that is not required has a buffer, and what it drops is counted.',
  ),
  buffer: withDefault(
    // As objects they take more than twice that, and the heap has 512 MB.
    sizeInBytes({ min: 1024, max: 134_217_728 }),
    8_388_608,
    'Largest size of what waits for an output that is not required. When it is full, the oldest changes are dropped.',
  ),
  max_in_flight: optional(
    wholeNumber({ min: 1, max: 1_000 }),
    'as many as there are sessions',
    'Most calls to this output at a time, over all sessions. Each session has one at a time, so its order is kept.',
  ),
  timeout: optional(
    duration({ min: '100ms', max: '1h' }),
    'that of the type',
    'Longest time of one call. After it the changes are sent again, although the output may have them.',
  ),
} as const;

/** The block `retry` of every output. */
const retrySchema = {
  type: 'retry',
  doc: 'The time between attempts to publish while an output fails for a transient reason. It doubles from one attempt to the next, with jitter.',
  keys: {
    min_wait: withDefault(duration({ min: '10ms', max: '5m' }), '200ms', 'After the first failure.'),
    max_wait: withDefault(duration({ min: '10ms', max: '1h' }), '3s', 'Between later ones.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

type OutputKeys = typeof outputKeys & EnvelopeKey;

function outputBlock({ outputs: types, envelopes }: AdapterTypes): TypedBlock<OutputType, OutputKeys> {
  return {
    block: 'output',
    types,
    typeDoc: 'Type of output.',
    hasDefault: false,
    commonKeys: { ...outputKeys, ...envelopeKey(envelopes) },
    commonBlocks: [child(retrySchema, 'optional'), ...envelopeBlocks(envelopes)],
  };
}

/** The schemas of `output`, one per type. */
export function outputSchemas(types: AdapterTypes): readonly BlockSchema[] {
  return schemasOf(outputBlock(types));
}

/** Undefined when it is wrong, not known, or of a type that is not built yet. */
export function readOutput(node: BlockNode, parent: Place, context: FileContext): OutputConfig | undefined {
  const found = readTypedBlock(outputBlock(context.types), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading, unset } = found;
  noteBufferWithoutEffect(reading, context);
  const read = type.read(reading, context.problems);
  if (read === undefined) return undefined;
  const { carries = {}, ...destination } = read;
  return {
    path: canonicalPath(reading.place.path),
    name: node.labels[0] ?? type.type,
    type: type.type,
    // A wrong value was reported already.
    required: !reading.isSound('required') || reading.values.required,
    bufferBytes: reading.values.buffer,
    maxInFlight: reading.values.max_in_flight,
    timeoutMs: reading.values.timeout,
    retry: retryOf(reading.block(retrySchema), context),
    ...destination,
    ...checksOnceSet(unset, destination),
    ...readEnvelope(reading, { ...destination, carries }, context),
  };
}

function retryOf(reading: Reading<typeof retrySchema.keys>, context: Context): OutputConfig['retry'] {
  const { min_wait: firstMs, max_wait: maxMs } = reading.values;
  const areSound = reading.isSound('min_wait') && reading.isSound('max_wait');
  if (areSound && firstMs > maxMs) {
    const key = reading.isGiven('min_wait') ? 'min_wait' : 'max_wait';
    context.problems.add(reading.placeOf(key), 'min_wait is longer than max_wait; increase max_wait');
  }
  return { firstMs, maxMs };
}

function noteBufferWithoutEffect(reading: Reading<OutputKeys>, context: Context): void {
  if (!reading.isGiven('buffer') || !reading.isSound('required') || !reading.values.required) return;
  context.problems.addNote(reading.placeOf('buffer'), 'no effect on a required output; add required = false');
}
