import {
  asDStreamError,
  BatchError,
  bodyText,
  DStreamError,
  halve,
  isNewer,
  lastChangeOf,
  notAccepted,
  sessionOfPartition,
  sessionRouter,
  type Clock,
  type EncodedChange,
  type Hash,
  type Log,
  type Ordering,
  type OutgoingMessage,
  type PartitionId,
  type Progress,
  type StampedEvent,
  type Topic,
} from '@dstream/core';
import { retry, type RetryOptions } from '@dstream/async';
import type { LeaseKeeper } from './lease-keeper.ts';

interface ChangeSenderOptions {
  readonly topic: Topic;
  readonly partition: PartitionId;
  readonly lease: LeaseKeeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly ordering: Ordering;
  readonly hash: Hash;
  /** Receives the outcome of every attempt to send. */
  readonly failureLog: RetryOptions['failureLog'];
}

/**
 * Sends messages of one partition until the broker has them all, those of each session in order. The deadline is looked at
 * before every attempt.
 */
export class ChangeSender {
  readonly #options: ChangeSenderOptions;
  /** See `sessionOfPartition`. */
  readonly #ownSession: string;
  /** By session: how far the broker accepted what a send could not finish. */
  readonly #partlyAccepted = new Map<string, Progress>();
  /** By session: the last change that the broker accepted from this owner or, by the checkpoint, from an owner before it. */
  readonly #lastAccepted = new Map<string, Progress>();

  constructor(options: ChangeSenderOptions) {
    this.#options = options;
    this.#ownSession = sessionOfPartition(options.partition, options.hash);
  }

  /** What the next message of a session follows; undefined when it is not known. */
  lastAccepted(sessionId: string): Progress | undefined {
    return this.#lastAccepted.get(sessionId);
  }

  /** The last change that was accepted in the partition's own session: no other session's is in the checkpoint. */
  get lastChange(): Progress | undefined {
    return this.#lastAccepted.get(this.#ownSession);
  }

  /** Called with the last change of the partition's own session that the checkpoint has. An older one is ignored. */
  resumeAfter(last: Progress): void {
    if (isNewer(last, this.lastChange)) this.#lastAccepted.set(this.#ownSession, last);
  }

  /**
   * What is left of `changes` after a send that failed for good: those that the broker has already accepted from this owner
   * need not be sent again. All of them otherwise. Sessions end at different changes, so it is no suffix.
   */
  unsent(changes: readonly EncodedChange[], generation: number): readonly EncodedChange[] {
    if (this.#partlyAccepted.size === 0) return changes;
    const { ordering, hash } = this.#options;
    const sessionOf = sessionRouter(ordering, hash);
    return changes.filter((change) =>
      isNewer({ generation, position: change.position }, this.#partlyAccepted.get(sessionOf(change))),
    );
  }

  /**
   * Throws LeaseLost, or ChangeTooLarge or ChangeRefused for a change that is not accepted; tries again after everything else
   * until `giveUp` aborts: then the attempt under way is the last, and what it threw is thrown.
   */
  async send(messages: readonly OutgoingMessage[], signal: AbortSignal, giveUp?: AbortSignal): Promise<void> {
    if (messages.length === 0) return;
    let rest = messages;
    while (rest.length > 0) rest = await this.#sendUntilRefused(rest, signal, giveUp);
    this.#partlyAccepted.clear();
    recordLast(messages, this.#lastAccepted);
  }

  /** Resolves with what is left: nothing, or what holds the packed messages that were refused, now in two each. */
  async #sendUntilRefused(
    messages: readonly OutgoingMessage[],
    signal: AbortSignal,
    giveUp: AbortSignal | undefined,
  ): Promise<readonly OutgoingMessage[]> {
    const { topic, lease, clock, failureLog } = this.#options;
    let rest = messages;
    const attempt = async (attemptSignal: AbortSignal) => {
      const mayStart = () => lease.assertHeld();
      mayStart();
      try {
        await topic.send(rest, { signal: attemptSignal, mayStart });
      } catch (error) {
        const left = notAccepted(rest, (message) => message.sessionId, asDStreamError(error));
        this.#recordAccepted(rest, left);
        rest = left;
        throw error;
      }
    };
    try {
      await retry(attempt, signal, { clock, failureLog, again: isRetryable, ...(giveUp && { giveUp }) });
      return [];
    } catch (error) {
      return this.#split(rest, error);
    }
  }

  #recordAccepted(sent: readonly OutgoingMessage[], left: readonly OutgoingMessage[]): void {
    const open = new Set(left);
    const accepted = sent.filter((message) => !open.has(message));
    recordLast(accepted, this.#partlyAccepted);
    recordLast(accepted, this.#lastAccepted);
  }

  /** Throws what splitting cannot fix: another error, or a single change that was refused. */
  #split(messages: readonly OutgoingMessage[], error: unknown): readonly OutgoingMessage[] {
    const refused = refusedSessions(messages, error);
    if (refused.size === 0) throw error;
    return messages.flatMap((message) => {
      const reason = refused.get(message.sessionId);
      // Only the first of a session was refused: those after it were not tried.
      refused.delete(message.sessionId);
      return reason === undefined ? [message] : this.#halves(message, reason);
    });
  }

  #halves(large: OutgoingMessage, reason: DStreamError): readonly OutgoingMessage[] {
    const halves = halve(large);
    if (halves === undefined) throw this.#notSent(reason, large);
    const { log } = this.#options;
    const [bytes, { message: error }] = [large.bodyBytes, reason];
    if (isTooLarge(reason))
      log.warn('packed message is larger than the broker accepts; splitting it: lower pack_max_bytes', {
        bytes,
      });
    else log.warn('packed message was refused; splitting it to find the change', { error });
    return halves;
  }

  #notSent(error: DStreamError, message: OutgoingMessage): DStreamError {
    const what = `a change of ${message.subject} cannot be sent: ${describe(message)}`;
    const code = isTooLarge(error) ? 'ChangeTooLarge' : 'ChangeRefused';
    return new DStreamError(code, `${what}: ${error.message}`, { cause: error });
  }
}

function isTooLarge({ code }: DStreamError): boolean {
  return code === 'MessageTooLarge';
}

/** Records the last change of each session of `messages`. */
function recordLast(messages: readonly OutgoingMessage[], into: Map<string, Progress>): void {
  for (const { sessionId, properties } of messages) {
    const change = lastChangeOf(properties);
    if (change !== undefined) into.set(sessionId, change);
  }
}

/** Which row and how large: the key is in the envelope, which is the body's first line. */
function describe(message: OutgoingMessage): string {
  const line = bodyText(message).split('\n', 1)[0] ?? '';
  const { metadata } = JSON.parse(line) as StampedEvent;
  const key =
    metadata.key === null ? 'a row without a key' : `the row with key ${JSON.stringify(metadata.key)}`;
  const { lsn } = metadata.origin;
  const at = typeof lsn === 'string' ? `LSN ${lsn}` : `position ${metadata.position}`;
  return `${metadata.operation} of ${key} at ${at}, ${message.bodyBytes} bytes`;
}

/**
 * Which errors are tried again. A missing topic or a refused key, too: the partition keeps its position. A session with a
 * message that was refused for good comes first, whatever the other sessions wait for.
 */
function isRetryable(error: DStreamError): boolean {
  const forGood = failuresOf(error).some((failure) => failure.error.disposition === 'dead-letter');
  return !forGood && (error.disposition === 'retry' || error.disposition === 'fatal');
}

/** Why the first of what is left of a session was refused for good, for those of which it was. */
function refusedSessions(messages: readonly OutgoingMessage[], error: unknown): Map<string, DStreamError> {
  const key = messages[0]?.sessionId ?? '';
  return new Map(
    (error instanceof DStreamError ? failuresOf(error, key) : [])
      .filter((failure) => failure.error.disposition === 'dead-letter')
      .map((failure) => [failure.key, failure.error]),
  );
}

function failuresOf(error: DStreamError, key = ''): readonly { key: string; error: DStreamError }[] {
  return error instanceof BatchError ? error.failures : [{ key, error }];
}
