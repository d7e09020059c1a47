/**
 * What a destination says its schema in: keys, types of values, and what every broker's output has. Exported as
 * `@dstream/config/schema`, apart from the rest, because adapters may import only this.
 */
export {
  brokerConnectionKeys,
  checkEntityPath,
  readBrokerConnection,
  requireOne,
  type BrokerConnection,
  type BrokerConnectionKeys,
} from './definitions/broker-connection.ts';
export { conceal } from './schema/conceal.ts';
export type { Destination, NamedTable, OutputType, OutputTypes } from './definitions/output-type.ts';
export type { Findings } from './schema/problems.ts';
export type { Reading } from './schema/reading.ts';
export { optional, required, withDefault, type Key, type Keys, type ValuesOf } from './schema/schema.ts';
export { fillNames, type NamePart } from './schema/templates.ts';
export type { Place } from './text/hcl-document.ts';
export type { BrokerService, BrokerTransport } from './values/broker-connection-string.ts';
export { connectionParts } from './values/connection-strings.ts';
export { filePath } from './values/names.ts';
export { boolean, choice, duration, pack, sizeInBytes, text, wholeNumber } from './values/scalars.ts';
export { faulty, sound, textOf, type Given, type Result, type ValueType } from './values/value-type.ts';
