/** What Event Hubs answers instead of doing what it was asked. Each sentence is one that users have quoted; see README. */
import { Refusal } from '../../protocol/refusal.ts';

const outOfRange = 'com.microsoft:argument-out-of-range';
const argumentError = 'com.microsoft:argument-error';
const stolen = 'amqp:link:stolen';

export const unknownPartition = (count: number): Refusal =>
  new Refusal(
    outOfRange,
    `The specified partition is invalid for an EventHub partition sender or receiver. It should be between 0 and ${count - 1}.`,
  );

export const positionAhead = (what: 'offset' | 'sequence number', given: string, last: string): Refusal =>
  new Refusal(
    argumentError,
    `The supplied ${what} '${given}' is invalid. The last ${what} in the system is '${last}'`,
  );

export const unknownSelector = (expression: string): Refusal =>
  new Refusal(argumentError, `The filter '${expression}' is not one that this stand-in understands.`);

export const lowerEpoch = (known: number, given: number): Refusal =>
  new Refusal(
    stolen,
    `A receiver with a higher epoch '${known}' already exists. A new receiver with epoch ${given} cannot be created. Make sure you are creating receiver with increasing epoch value to ensure connectivity, or ensure all old epoch receivers are closed or disconnected.`,
  );

export const epochReceiverExists = (known: number): Refusal =>
  new Refusal(
    stolen,
    `At least one receiver for the endpoint is created with epoch of '${known}', and so non-epoch receiver is not allowed. Either reconnect with a higher epoch, or make sure all epoch receivers are closed or disconnected.`,
  );

export const disconnectedBy = (newer: number, current: number): Refusal =>
  new Refusal(
    stolen,
    `New receiver 'nil' with higher epoch of '${newer}' is created hence current receiver 'nil' with epoch '${current}' is getting disconnected. If you are recreating the receiver, make sure a higher epoch is used.`,
  );

export const tooManyReceivers = (limit: number): Refusal =>
  new Refusal(
    'amqp:resource-limit-exceeded',
    `Exceeded the maximum number of allowed receivers per partition in a consumer group which is ${limit}.`,
  );

export const notImplemented = (what: string): Refusal =>
  new Refusal('amqp:not-implemented', `The stand-in does not know ${what}.`);

export const internalError = (condition: string): Refusal =>
  new Refusal(condition, 'The send was refused: a fault was injected.');
