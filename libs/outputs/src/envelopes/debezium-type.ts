import {
  boolean,
  defineEnvelope,
  faulty,
  listOf,
  optional,
  sound,
  textOf,
  withDefault,
  type ValueType,
} from '@dstream/config/schema';
import { debeziumEnvelope } from './debezium.ts';
import { withEnvelope } from './with-envelope.ts';

/** `Orders.Id`, `sales.*.Total`: the last part is the column. */
const columnOfTable: ValueType<string> = {
  expected: 'table and column',
  blank: '',
  read: (given) => {
    const value = textOf(given);
    if (value !== undefined && /^[^.]+(?:\.[^.]+){1,2}$/.test(value)) return sound(value);
    return faulty(`${given.shown} is not a column of a table`, 'write "Orders.Id" or "sales.Orders.Id"');
  },
};

const columnsOfTables = listOf(columnOfTable, {
  what: 'columns of tables',
  one: 'column',
  example: '["Orders.Id"]',
  key: (value) => value,
});

/** `envelope = "debezium"`. */
export const debeziumType = defineEnvelope({
  type: 'debezium',
  doc: 'As a Debezium SQL Server connector writes JSON without schemas.',
  keys: {
    wrapper: withDefault(boolean, false, 'Whether each value is {"schema":null,"payload":…}.'),
    tombstones: optional(
      boolean,
      'true where the destination has keys (`azure_event_hubs`)',
      'Whether a delete is followed by an event without a body under the same key.',
    ),
    bigint: optional(
      columnsOfTables,
      'strings',
      'Columns of type bigint that are written as JSON numbers, every digit: "Orders.Id" (of dbo), "sales.*.Total".',
    ),
  },
  settings: (reading, { keys = false }, findings) => {
    const { wrapper, tombstones = keys, bigint = [] } = reading.values;
    if (tombstones && !keys)
      findings.add(reading.placeOf('tombstones'), 'the destination has no keys; remove tombstones');
    return { wrapper, tombstones, bigint };
  },
  open: (settings, { clock }) =>
    Promise.resolve((publisher) => withEnvelope(publisher, debeziumEnvelope(settings, clock))),
});
