/**
 * What a destination says its schema in: keys, types of values, and what every broker's output has. Exported as
 * `@dstream/config/schema`, apart from the rest, because adapters may import only this.
 */
export {
  brokerConnectionKeys,
  checkEntityPath,
  readBrokerConnection,
  requireOne,
  type BrokerConnectionKeys,
} from './blocks/broker-connection.ts';
export { conceal } from './conceal.ts';
export type { BrokerConnection, BrokerTransport } from './configuration.ts';
export type { Destination, NamedTable, OutputType, OutputTypes } from './output-type.ts';
export type { Findings, Place } from './problems.ts';
export type { Reading } from './reading.ts';
export { optional, required, withDefault, type Key, type Keys, type ValuesOf } from './schema.ts';
export { fillNames, type NamePart } from './templates.ts';
export type { BrokerService } from './values/broker-connection-string.ts';
export { connectionParts } from './values/connection-strings.ts';
export { filePath } from './values/names.ts';
export { boolean, choice, duration, pack, sizeInBytes, text, wholeNumber } from './values/scalars.ts';
export { faulty, sound, textOf, type Given, type Result, type ValueType } from './values/value-type.ts';
