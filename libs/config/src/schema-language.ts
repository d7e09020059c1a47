/**
 * What a type of source, queue, lease store or output is defined in: its keys, blocks and types of values. Exported as
 * `@dstream/config/schema`, apart from the rest, because adapters may import only this.
 */
export type { AdapterTypes } from './definitions/adapter-types.ts';
export {
  brokerConnectionKeys,
  checkEntityPath,
  readBrokerConnection,
  requireOne,
  type BrokerConnection,
  type BrokerConnectionKeys,
} from './definitions/broker-connection.ts';
export {
  defineEnvelope,
  type Carries,
  type EnvelopeDefinition,
  type EnvelopeType,
  type EnvelopeTypes,
  type Wrap,
} from './definitions/envelope-type.ts';
export {
  defineLeaseStore,
  type LeaseStoreDefinition,
  type LeaseStoreType,
  type LeaseStoreTypes,
} from './definitions/lease-store-type.ts';
export {
  defineOutput,
  type Destination,
  type NamedTable,
  type OutputType,
  type OutputTypes,
  type OutputDefinition,
} from './definitions/output-type.ts';
export {
  defineQueue,
  type FileTopic,
  type QueueDefinition,
  type QueueType,
  type QueueTypes,
  type SubscriptionDefinition,
  type SubscriptionName,
  type TopicDefinition,
} from './definitions/queue-type.ts';
export {
  defineSource,
  type SourceDefinition,
  type SourceType,
  type SourceTypes,
} from './definitions/source-type.ts';
export type { Predicate, PredicateLanguage } from './definitions/predicate-language.ts';
export {
  defineTransform,
  type OpenableTransform,
  type TransformDefinition,
  type TransformFile,
  type TransformType,
  type TransformTypes,
} from './definitions/transform-type.ts';
export { conceal } from './schema/conceal.ts';
export type { Findings } from './schema/problems.ts';
export type { Reading } from './schema/schema.ts';
export {
  child,
  optional,
  required,
  withDefault,
  type BlockSchema,
  type ChildSchema,
  type Key,
  type Keys,
  type ValuesOf,
} from './schema/schema.ts';
export { fillNames, isTablePart, templatePieces, type NamePart, type TablePart } from './schema/templates.ts';
export type { Place } from './text/hcl-document.ts';
export type { BrokerService, BrokerTransport } from './values/broker-connection-string.ts';
export { columnName, columnNames } from './values/column-names.ts';
export {
  connectionParts,
  connectionString,
  readParts,
  type PartRules,
  type Parts,
  type Refusal,
} from './values/connection-strings.ts';
export { formatDuration } from './values/go-duration.ts';
export { listOf } from './values/list-of.ts';
export { mapOf } from './values/map-of.ts';
export { nearest } from './values/nearest.ts';
export {
  boolean,
  choice,
  duration,
  filePath,
  pack,
  path,
  sizeInBytes,
  text,
  wholeNumber,
} from './values/scalars.ts';
export {
  faulty,
  sound,
  textOf,
  type Fault,
  type Given,
  type Result,
  type ValueType,
} from './values/value-type.ts';
