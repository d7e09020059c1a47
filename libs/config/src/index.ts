export * from './blocks/configuration.ts';
export type { AdapterTypes } from './definitions/adapter-types.ts';
export type { Destination, NamedTable, OutputType, OutputTypes } from './definitions/output-type.ts';
export { loadConfiguration, type LoadOptions } from './load-configuration.ts';
export { type Use } from './read-configuration.ts';
export { tokenFromVariable } from './blocks/service.ts';
export { redactor } from './redact.ts';
export { referencePage } from './reference-page.ts';
export { formatDuration, parseDuration } from './values/go-duration.ts';
