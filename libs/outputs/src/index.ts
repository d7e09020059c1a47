/**
 * The kinds of destination, as who reads a file needs them. What they are made of has entries of its own
 * (`@dstream/outputs/file`): importing this one loads no client library.
 */
export { outputTypes } from './registry.ts';
export * from './destinations/destination-name.ts';
