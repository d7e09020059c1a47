/** Destinations by type. What is not built yet is checked as far as it is settled. */
import type { ConsoleOutputConfig, OutputConfig } from '../configuration.ts';
import { canonicalPath, reportNotBuilt, type Context } from '../context.ts';
import { fillValue } from '../fill-value.ts';
import type { BlockNode } from '../hcl-document.ts';
import { Problems, type Place } from '../problems.ts';
import { readBlock, type Reading } from '../read-block.ts';
import { required, withDefault, optional, type BlockSchema } from '../schema.ts';
import { destinationName, filePath } from '../values/names.ts';
import { boolean, choice, duration, pack, sizeInBytes } from '../values/scalars.ts';
import { brokerConnectionKeys, readBrokerConnection } from './broker-connection.ts';

export const outputType = choice(['console', 'azure_service_bus', 'azure_event_hubs', 'file']);

/** Of every output. */
const commonKeys = {
  required: withDefault(
    boolean,
    true,
    'Whether a message waits for this output. One that is not required has a buffer, and what it drops is counted.',
    { built: false },
  ),
  buffer: withDefault(
    sizeInBytes({ min: 1024, max: 1_073_741_824 }),
    8_388_608,
    'Bytes that wait for an output that is not required.',
    { built: false },
  ),
};

const destination = withDefault(
  destinationName,
  '{{ server }}.{{ database }}.{{ table }}.events',
  'Name of the destination, filled in for each change and put in lower case.',
  { keepsNames: true },
);

export const consoleSchema = {
  type: 'output',
  variant: 'console',
  doc: 'Changes on standard output.',
  keys: {
    type: required(outputType, 'Kind of destination.'),
    format: withDefault(
      choice(['auto', 'json', 'pretty']),
      'auto',
      'One line of JSON a change, or readable; "auto" is pretty in a terminal, else JSON.',
    ),
    ...commonKeys,
  },
  blocks: [],
} as const satisfies BlockSchema;

export const serviceBusSchema = {
  type: 'output',
  variant: 'azure_service_bus',
  built: false,
  doc: 'Topics or queues of Service Bus.',
  keys: {
    type: required(outputType, 'Kind of destination.'),
    ...brokerConnectionKeys,
    name: destination,
    pack: withDefault(pack, 1, 'As in the topic of the ingester.'),
    ...commonKeys,
  },
  blocks: [],
} as const satisfies BlockSchema;

export const eventHubsSchema = {
  type: 'output',
  variant: 'azure_event_hubs',
  built: false,
  doc: 'Event hubs.',
  keys: {
    type: required(outputType, 'Kind of destination.'),
    ...brokerConnectionKeys,
    name: destination,
    ...commonKeys,
  },
  blocks: [],
} as const satisfies BlockSchema;

export const fileSchema = {
  type: 'output',
  variant: 'file',
  built: false,
  doc: 'Files of JSON lines.',
  keys: {
    type: required(outputType, 'Kind of destination.'),
    path: required(filePath, 'The file.', { keepsNames: true }),
    max_bytes: withDefault(
      sizeInBytes({ min: 4096, max: 1_099_511_627_776 }),
      104_857_600,
      'Size at which a new file is begun.',
    ),
    max_age: optional(duration({ min: '1s', max: '720h' }), 'no limit', 'Age at which a new file is begun.'),
    ...commonKeys,
  },
  blocks: [],
} as const satisfies BlockSchema;

export const outputSchemas = [consoleSchema, serviceBusSchema, eventHubsSchema, fileSchema] as const;

/** Undefined when it is wrong, not known, or of a type that is not built yet. */
export function readOutput(node: BlockNode, parent: Place, context: Context): OutputConfig | undefined {
  const type = typeOf(node, context);
  switch (type) {
    case 'azure_service_bus':
    case 'azure_event_hubs': {
      const schema = type === 'azure_service_bus' ? serviceBusSchema : eventHubsSchema;
      readBrokerConnection(readBlock(schema, node, parent, context), context);
      break;
    }
    case 'file':
      readBlock(fileSchema, node, parent, context);
      break;
    case 'console':
      return toConsole(readBlock(consoleSchema, node, parent, context), node);
    case undefined:
      // Which keys are right depends on it; all that can be said is what is wrong with the type itself.
      readBlock(typelessSchema, node, parent, context);
      return undefined;
  }
  reportNotBuilt(context, typePlace(node), `the output type "${type}" is not built yet; use "console"`);
  return undefined;
}

const typelessSchema = {
  type: 'output',
  doc: '',
  keys: { type: consoleSchema.keys.type },
  blocks: [],
  open: true,
} as const satisfies BlockSchema;

/** The type without reporting anything: it is read again, with its faults, by the schema it leads to. */
function typeOf(node: BlockNode, context: Context) {
  const attribute = node.attributes.find((a) => a.key === 'type');
  if (attribute === undefined) return undefined;
  const silent: Context = { ...context, demand: 'skip', problems: new Problems('') };
  const given = fillValue(attribute, consoleSchema.keys.type, silent);
  const result = given === undefined ? undefined : outputType.read(given);
  return result !== undefined && 'value' in result ? result.value : undefined;
}

function typePlace(node: BlockNode): Place {
  return node.attributes.find((a) => a.key === 'type') ?? node;
}

function toConsole(reading: Reading<(typeof consoleSchema)['keys']>, node: BlockNode): ConsoleOutputConfig {
  return {
    path: canonicalPath(reading.place.path),
    name: node.labels[0] ?? 'console',
    type: 'console',
    format: reading.values.format,
  };
}
