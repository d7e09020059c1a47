/** The block `processor`, or `publisher`, and its outputs: the keys of every output around those of its type. */
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import { readTypedBlock, schemasOf, type TypedBlock } from '../definitions/block-type.ts';
import type { OutputType, OutputTypes } from '../definitions/output-type.ts';
import { canonicalPath, type Context } from '../schema/context.ts';
import { blockOf, readBlock } from '../schema/read-block.ts';
import { optional, withDefault, type BlockSchema, type ChildSchema, type Reading } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { boolean, sizeInBytes } from '../values/scalars.ts';
import { faulty, sound, textOf, type ValueType } from '../values/value-type.ts';
import type { OutputConfig, ProcessorConfig } from './configuration.ts';
import { readSubscription, subscriptionChildren, type IngesterTopic } from './queue.ts';

/** Labels of outputs. */
const outputNames: ValueType<readonly string[]> = {
  expected: 'list of output labels',
  blank: [],
  read: (given) => {
    const names = given.items.map(textOf).filter((name) => name !== undefined);
    if (Array.isArray(given.value) && names.length === given.items.length) return sound(names);
    return faulty(`${given.shown} is not a list of labels`, 'write ["orders"]');
  },
};

const transformSchema: BlockSchema = {
  type: 'transform',
  doc: 'Transforms changes.',
  keys: {},
  blocks: [],
  open: true,
};

const routeSchema: BlockSchema = {
  type: 'route',
  doc: 'Selects the outputs of changes.',
  keys: {},
  blocks: [],
  open: true,
};

function children(types: AdapterTypes): readonly ChildSchema[] {
  const many = { count: 'many', label: 'optional', built: true } as const;
  return [
    ...subscriptionChildren(types),
    ...outputSchemas(types.outputs).map((schema) => ({ schema, ...many })),
    { schema: transformSchema, count: 'many', label: 'required', built: false },
    { schema: routeSchema, count: 'many', label: 'required', built: false },
  ];
}

/** Keys and blocks of `processor`. */
export function processorSchema(types: AdapterTypes): BlockSchema {
  return {
    type: 'processor',
    doc: 'Receives changes and delivers them to its outputs: `dstream processor`. Every output gets every change.',
    keys: {
      default_outputs: optional(outputNames, 'all', 'Outputs of changes that no route matches.', {
        built: false,
      }),
    },
    blocks: children(types),
  };
}

/** The older name of the same block. */
export function publisherSchema(types: AdapterTypes): BlockSchema {
  return {
    ...processorSchema(types),
    type: 'publisher',
    doc: 'An older name of `processor`.',
    alias: true,
  };
}

/** Undefined when the source is missing, or of a type that is not known; a problem says so. */
export function readProcessor(
  node: BlockNode,
  ingesterTopic: IngesterTopic,
  context: FileContext,
): ProcessorConfig | undefined {
  const schema = node.type === 'publisher' ? publisherSchema : processorSchema;
  const { place } = readBlock(schema(context.types), node, node, context);
  const outputNodes = node.blocks.filter((block) => block.type === 'output');
  checkOutputs(node, outputNodes, context);
  const outputs = outputNodes.map((output) => readOutput(output, place, context));
  checkNamedByType(outputNodes, outputs, context);
  checkSomeRequired(node, outputs, context);
  const sourceNode = blockOf(node, 'source');
  const source = sourceNode && readSubscription(sourceNode, place, ingesterTopic, context);
  if (source === undefined) return undefined;
  return {
    path: canonicalPath(place.path),
    source,
    outputs: outputs.filter((output) => output !== undefined),
  };
}

function checkOutputs(node: BlockNode, outputs: readonly BlockNode[], context: FileContext): void {
  if (outputs.length === 0) {
    context.problems.add(
      node,
      `missing block output; write output { … } with type = "${context.types.outputs[0].type}" in it`,
    );
  }
  const seen = new Map<string, BlockNode>();
  for (const output of outputs) {
    const name = output.labels[0] ?? '';
    const first = seen.get(name);
    if (first === undefined) seen.set(name, output);
    else context.problems.add(output, sameName(name, first));
  }
}

/** An output without a label is named after its type: nothing would distinguish it from one that has this as its label. */
function checkNamedByType(
  nodes: readonly BlockNode[],
  outputs: readonly (OutputConfig | undefined)[],
  context: FileContext,
): void {
  const unlabelled = nodes.findIndex(({ labels }) => labels.length === 0);
  const [node, name] = [nodes[unlabelled], outputs[unlabelled]?.name];
  const namesake = nodes.find(({ labels: [label] }) => label !== undefined && label === name);
  if (node === undefined || namesake === undefined) return;
  context.problems.add(
    node,
    `the output has no label, so its name is its type, which is also the label on line ${namesake.line}; give each its own label, as in output "orders" { … }`,
  );
}

/** Messages are taken as fast as required outputs accept them. Without one a backlog would only run through the buffers. */
function checkSomeRequired(
  node: BlockNode,
  outputs: readonly (OutputConfig | undefined)[],
  context: FileContext,
): void {
  if (outputs.length === 0 || outputs.some((output) => output?.required !== false)) return;
  context.problems.add(
    node,
    'no output is required, so a backlog would be lost; remove required = false from one',
  );
}

function sameName(name: string, first: BlockNode): string {
  const what = name === '' ? 'a second output without a label' : 'duplicate label';
  return `${what}, first on line ${first.line}; give each its own label, as in output "orders" { … }`;
}

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

function outputBlock(types: OutputTypes): TypedBlock<OutputType, typeof outputKeys> {
  return { block: 'output', types, typeDoc: 'Type of output.', hasDefault: false, commonKeys: outputKeys };
}

/** The schemas of `output`, one per type. */
function outputSchemas(types: OutputTypes): readonly BlockSchema[] {
  return schemasOf(outputBlock(types));
}

/** Undefined when it is wrong, not known, or of a type that is not built yet. */
function readOutput(node: BlockNode, parent: Place, context: FileContext): OutputConfig | undefined {
  const found = readTypedBlock(outputBlock(context.types.outputs), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading } = found;
  noteBufferWithoutEffect(reading, context);
  const destination = type.read(reading, context.problems);
  if (destination === undefined) return undefined;
  return {
    path: canonicalPath(reading.place.path),
    name: node.labels[0] ?? type.type,
    type: type.type,
    // A wrong value was reported already.
    required: !reading.isSound('required') || reading.values.required,
    bufferBytes: reading.values.buffer,
    ...destination,
  };
}

function noteBufferWithoutEffect(reading: Reading<typeof outputKeys>, context: Context): void {
  if (!reading.isGiven('buffer') || !reading.isSound('required') || !reading.values.required) return;
  context.problems.addNote(reading.placeOf('buffer'), 'no effect on a required output; add required = false');
}
