/** Destinations: what every output has, around what its type says (`OutputType`). */
import type { OutputConfig } from '../configuration.ts';
import { canonicalPath, reportNotBuilt, type Context } from '../context.ts';
import { fillValue } from '../fill-value.ts';
import type { BlockNode } from '../hcl-document.ts';
import type { OutputType, OutputTypes } from '../output-type.ts';
import { Problems, type Place } from '../problems.ts';
import { readBlock } from '../read-block.ts';
import type { Reading } from '../reading.ts';
import { required, withDefault, type BlockSchema, type Key } from '../schema.ts';
import { boolean, choice, sizeInBytes } from '../values/scalars.ts';

/** Of every output. */
const commonKeys = {
  required: withDefault(
    boolean,
    true,
    'Whether a message waits for this output. One that is not required has a buffer, and what it drops is counted.',
  ),
  buffer: withDefault(
    // As objects they take more than twice that, and the heap has 512 MB.
    sizeInBytes({ min: 1024, max: 134_217_728 }),
    8_388_608,
    'Bytes that wait for an output that is not required, at most.',
  ),
} as const;

function typeKey([first, ...others]: OutputTypes): Key<string> {
  return required(choice([first.type, ...others.map(({ type }) => type)]), 'Kind of destination.');
}

/** A schema a type. */
export function outputSchemas(types: OutputTypes): readonly BlockSchema[] {
  return types.map((type) => outputSchema(type, types));
}

function outputSchema({ type, doc, built, keys }: OutputType, types: OutputTypes) {
  return {
    type: 'output',
    variant: type,
    built,
    doc,
    keys: { type: typeKey(types), ...keys, ...commonKeys },
    blocks: [],
  } as const satisfies BlockSchema;
}

/** Undefined when it is wrong, not known, or of a type that is not built yet. */
export function readOutput(node: BlockNode, parent: Place, context: Context): OutputConfig | undefined {
  const type = typeOf(node, context);
  if (type === undefined) {
    // Which keys are right depends on it; all that can be said is what is wrong with the type itself.
    readBlock(typelessSchema(context.outputs), node, parent, context);
    return undefined;
  }
  const reading = readBlock(outputSchema(type, context.outputs), node, parent, context);
  noteBufferWithoutEffect(reading, context);
  const destination = type.read(reading, context.problems);
  if (!type.built) reportTypeNotBuilt(type, node, context);
  if (destination === undefined) return undefined;
  return {
    path: canonicalPath(reading.place.path),
    name: node.labels[0] ?? type.type,
    type: type.type,
    // What is wrong with it is said once, where it stands.
    required: !reading.isSound('required') || reading.values.required,
    bufferBytes: reading.values.buffer,
    ...destination,
  };
}

function noteBufferWithoutEffect(reading: Reading<typeof commonKeys>, context: Context): void {
  if (!reading.isGiven('buffer') || !reading.isSound('required') || !reading.values.required) return;
  context.problems.addNote(
    reading.placeOf('buffer'),
    'it has no effect on a required output; add required = false',
  );
}

function reportTypeNotBuilt({ type }: OutputType, node: BlockNode, context: Context): void {
  const other = context.outputs.find(({ built }) => built);
  const advice = other === undefined ? 'leave it out' : `use "${other.type}"`;
  reportNotBuilt(context, typePlace(node), `the output type "${type}" is not built yet; ${advice}`);
}

function typelessSchema(types: OutputTypes) {
  return {
    type: 'output',
    doc: '',
    keys: { type: typeKey(types) },
    blocks: [],
    open: true,
  } as const satisfies BlockSchema;
}

/** The type without reporting anything: it is read again, with its faults, by the schema it leads to. */
function typeOf(node: BlockNode, context: Context): OutputType | undefined {
  const attribute = node.attributes.find((a) => a.key === 'type');
  if (attribute === undefined) return undefined;
  const silent: Context = { ...context, demand: 'skip', problems: new Problems('') };
  const key = typeKey(context.outputs);
  const given = fillValue(attribute, key, silent);
  const result = given === undefined ? undefined : key.type.read(given);
  if (result === undefined || !('value' in result)) return undefined;
  return context.outputs.find(({ type }) => type === result.value);
}

function typePlace(node: BlockNode): Place {
  return node.attributes.find((a) => a.key === 'type') ?? node;
}
