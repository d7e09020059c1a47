/** Output types for the tests of this package, which cannot import the real ones. */
import { brokerConnectionKeys, readBrokerConnection } from '../definitions/broker-connection.ts';
import type { Destination, OutputType, OutputTypes } from '../definitions/output-type.ts';
import { required, withDefault } from '../schema/schema.ts';
import { filePath, choice } from '../values/scalars.ts';

function opened(settings: object): Destination {
  return {
    settings,
    open: () => {
      throw new Error('no test of the configuration opens anything');
    },
  };
}

const consoleKeys = { format: withDefault(choice(['auto', 'json', 'pretty']), 'auto', 'Of lines.') };

const consoleOutput: OutputType<typeof consoleKeys> = {
  type: 'console',
  doc: 'Changes on standard output.',
  built: true,
  blocks: [],
  keys: consoleKeys,
  read: ({ values }) => opened({ format: values.format }),
};

const warehouseKeys = {
  ...brokerConnectionKeys('Service Bus'),
  name: withDefault(filePath, '{{ table }}', 'Where in it.', { keepsNames: true }),
};

const warehouseOutput: OutputType<typeof warehouseKeys> = {
  type: 'warehouse',
  doc: 'A destination with a secret and a name that is filled in for each change.',
  built: true,
  blocks: [],
  keys: warehouseKeys,
  read: (reading, findings) =>
    opened({ name: reading.values.name, connection: readBrokerConnection(reading, findings) }),
};

const archiveKeys = { path: required(filePath, 'The file.') };

const archiveOutput: OutputType<typeof archiveKeys> = {
  type: 'archive',
  doc: 'A destination that is not built.',
  built: false,
  blocks: [],
  keys: archiveKeys,
  read: () => undefined,
};

/** Types of outputs for the corpus: a new type of the product changes no error text here. */
export const someOutputs: OutputTypes = [consoleOutput, warehouseOutput, archiveOutput];
