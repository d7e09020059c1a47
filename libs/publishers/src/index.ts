export * from './console/console-publisher.ts';
export { consoleType } from './console/console-type.ts';
export * from './console/pretty-line.ts';
export * from './console/standard-output.ts';
export { definePublisher, type PublisherDefinition } from './publisher-type.ts';
export { publisherTypes } from './registry.ts';
export * from './destination-name.ts';
