/** The blocks `output`: the keys of every output around those of its type. */
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import { readTypedBlock, schemasOf, type TypedBlock } from '../definitions/block-type.ts';
import type { OutputType } from '../definitions/output-type.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import { withDefault, type BlockSchema, type Reading } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { boolean, sizeInBytes } from '../values/scalars.ts';
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
} as const;

type OutputKeys = typeof outputKeys & EnvelopeKey;

function outputBlock({ outputs: types, envelopes }: AdapterTypes): TypedBlock<OutputType, OutputKeys> {
  return {
    block: 'output',
    types,
    typeDoc: 'Type of output.',
    hasDefault: false,
    commonKeys: { ...outputKeys, ...envelopeKey(envelopes) },
    commonBlocks: envelopeBlocks(envelopes),
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
  const { type, reading } = found;
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
    ...destination,
    ...readEnvelope(reading, { ...destination, carries }, context),
  };
}

function noteBufferWithoutEffect(reading: Reading<OutputKeys>, context: Context): void {
  if (!reading.isGiven('buffer') || !reading.isSound('required') || !reading.values.required) return;
  context.problems.addNote(reading.placeOf('buffer'), 'no effect on a required output; add required = false');
}
