import type { AmqpError } from './rhea-internals.ts';

/** What the broker answers instead of doing what it was asked: an AMQP error condition with a sentence. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly condition: string;

  constructor(condition: string, description: string) {
    super(description);
    this.condition = condition;
  }

  /** The sentence, under AMQP's name for it. */
  get description(): string {
    return this.message;
  }
}

/** As AMQP carries it. */
export const errorOf = ({ condition, description }: Refusal): AmqpError => ({
  condition,
  description,
  info: {},
});

export const entityNotFound = (name: string): Refusal =>
  new Refusal('amqp:not-found', `The messaging entity '${name}' could not be found.`);

export const notAllowed = (description: string): Refusal => new Refusal('amqp:not-allowed', description);

export const messageLockLost = (): Refusal =>
  new Refusal(
    'com.microsoft:message-lock-lost',
    'The lock supplied is invalid. Either the lock expired, or the message has already been removed from the queue.',
  );

export const sessionLockLost = (session: string): Refusal =>
  new Refusal(
    'com.microsoft:session-lock-lost',
    `The session lock has expired on the session with id '${session}'. Accept the session again.`,
  );

export const sessionCannotBeLocked = (session: string): Refusal =>
  new Refusal(
    'com.microsoft:session-cannot-be-locked',
    `The requested session '${session}' cannot be accepted. It may be locked by another receiver.`,
  );

export const noSessionInTime = (): Refusal =>
  new Refusal(
    'com.microsoft:timeout',
    'The operation did not complete within the allotted time: no session became available.',
  );

export const messageNotFound = (sequence: number): Refusal =>
  new Refusal(
    'com.microsoft:message-not-found',
    `The message with sequence number ${sequence} could not be found.`,
  );

export const messageTooLarge = (bytes: number, limit: number): Refusal =>
  new Refusal(
    'amqp:link:message-size-exceeded',
    `The received message (size: ${bytes}) exceeds the limit (${limit} bytes) of the link.`,
  );

export const quotaExceeded = (name: string): Refusal =>
  new Refusal(
    'amqp:resource-limit-exceeded',
    `The maximum entity size has been reached or exceeded for '${name}'.`,
  );

export const serverBusy = (): Refusal =>
  new Refusal(
    'com.microsoft:server-busy',
    'The request was terminated because the entity is being throttled. Please wait 10 seconds and try again.',
  );

export const unauthorized = (claim: 'Listen' | 'Send'): Refusal =>
  new Refusal(
    'amqp:unauthorized-access',
    `Unauthorized access. '${claim}' claim(s) are required to perform this operation.`,
  );
