export * from './abort.ts';
export * from './concurrency.ts';
export * from './connection-holder.ts';
export * from './failure-log.ts';
export * from './retry.ts';
export { SharedFailureLog, type SharedFailurePart } from './shared-failure-log.ts';
export * from './time.ts';
