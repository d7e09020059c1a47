/** The block `processor`, or `publisher`. */
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import { canonicalPath } from '../schema/context.ts';
import { blockOf, readBlock } from '../schema/read-block.ts';
import { optional, type BlockSchema, type ChildSchema } from '../schema/schema.ts';
import type { BlockNode } from '../text/hcl-document.ts';
import type { OutputConfig, ProcessorConfig } from './configuration.ts';
import { outputSchemas, readOutput } from './output.ts';
import { readSubscription, subscriptionChildren, type IngesterTopic } from './queue.ts';
import { checkNames, outputNames, readRoute, routeSchema } from './route.ts';
import { readTransform, transformSchemas } from './transform.ts';

function children(types: AdapterTypes): readonly ChildSchema[] {
  const many = { count: 'many', label: 'optional', built: true } as const;
  return [
    ...subscriptionChildren(types),
    ...outputSchemas(types).map((schema) => ({ schema, ...many })),
    ...transformSchemas(types.transforms).map((schema) => ({ schema, ...many, label: 'required' as const })),
    { schema: routeSchema, ...many, label: 'required' },
  ];
}

const processorKeys = {
  default_outputs: optional(
    outputNames,
    'all outputs',
    'Outputs of changes that no route matches. An empty list drops them, counted.',
  ),
} as const;

/** Keys and blocks of `processor`. */
export function processorSchema(types: AdapterTypes): BlockSchema<typeof processorKeys> {
  return {
    type: 'processor',
    doc: 'Receives changes, transforms them and delivers them to its outputs: `dstream processor`. Without routes every output gets every change.',
    keys: processorKeys,
    blocks: children(types),
  };
}

/** The older name of the same block. */
export function publisherSchema(types: AdapterTypes): BlockSchema<typeof processorKeys> {
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
  const reading = readBlock(schema(context.types), node, node, context);
  const { place } = reading;
  const outputNodes = node.blocks.filter((block) => block.type === 'output');
  checkOutputs(node, outputNodes, context);
  const outputs = outputNodes.map((output) => readOutput(output, place, context));
  checkNamedByType(outputNodes, outputs, context);
  checkSomeRequired(node, outputs, context);
  const known = outputs.filter((output) => output !== undefined);
  for (const type of ['transform', 'route']) checkLabels(node, type, context);
  const transforms = node.blocks
    .filter(({ type }) => type === 'transform')
    .map((transform) => readTransform(transform, place, context));
  const routes = reading.blocks(routeSchema).map((route) => readRoute(route, known, context));
  const { default_outputs: defaultOutputs } = reading.values;
  checkNames(defaultOutputs ?? [], reading.placeOf('default_outputs'), known, context);
  if (defaultOutputs?.length === 0 && routes.every((route) => route.outputs.length === 0))
    context.problems.addNote(
      reading.placeOf('default_outputs'),
      'no route names an output: every change is dropped, unless a script routes it',
    );
  const sourceNode = blockOf(node, 'source');
  const source = sourceNode && readSubscription(sourceNode, place, ingesterTopic, context);
  if (source === undefined) return undefined;
  return {
    path: canonicalPath(place.path),
    source,
    outputs: known,
    transforms: transforms.filter((transform) => transform !== undefined),
    routes,
    defaultOutputs,
  };
}

/** Reports every block whose label an earlier one has; no label counts as one. */
function checkUnique(
  blocks: readonly BlockNode[],
  problemOf: (label: string, first: BlockNode) => string,
  { problems }: FileContext,
): void {
  const seen = new Map<string, BlockNode>();
  for (const block of blocks) {
    const [label = ''] = block.labels;
    const first = seen.get(label);
    if (first === undefined) seen.set(label, block);
    else problems.add(block, problemOf(label, first));
  }
}

/** A label that is missing is a problem of the shape. */
function checkLabels(node: BlockNode, type: string, context: FileContext): void {
  const labelled = node.blocks.filter((block) => block.type === type && block.labels.length > 0);
  const problemOf = (_label: string, first: BlockNode) =>
    `duplicate label, first on line ${first.line}; give each its own label`;
  checkUnique(labelled, problemOf, context);
}

function checkOutputs(node: BlockNode, outputs: readonly BlockNode[], context: FileContext): void {
  if (outputs.length === 0) {
    context.problems.add(
      node,
      `missing block output; write output { … } with type = "${context.types.outputs[0].type}" in it`,
    );
  }
  checkUnique(outputs, sameName, context);
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
