/**
 * The kinds of destination, as who reads a file needs them. What they are made of has entries of its own
 * (`@dstream/publishers/file`): importing this one loads no client library.
 */
export { definePublisher, type PublisherDefinition } from './publisher-type.ts';
export { publisherTypes } from './registry.ts';
export * from './destination-name.ts';
