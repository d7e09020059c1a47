export * from './configuration.ts';
export type { CheckConnectionString } from './context.ts';
export { loadConfiguration, type LoadOptions } from './load-configuration.ts';
export { type Use } from './read-configuration.ts';
export { redactor } from './redact.ts';
export { formatTableName } from './table-name.ts';
export { formatDuration, parseDuration } from './go-duration.ts';
export type { Destination, NamedTable, OutputType, OutputTypes } from './output-type.ts';
export { referencePage } from './reference-page.ts';
