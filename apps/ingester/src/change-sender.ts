import {
  asDStreamError,
  DStreamError,
  halve,
  notAccepted,
  tableName,
  type Clock,
  type Log,
  type OutgoingMessage,
  type TableId,
  type Topic,
} from '@dstream/core';
import { Outage, retrying } from '@dstream/runtime';
import type { LeaseKeeper } from './lease-keeper.ts';

export interface ChangeSenderOptions {
  readonly topic: Topic;
  readonly table: TableId;
  readonly lease: LeaseKeeper;
  readonly clock: Clock;
  readonly log: Log;
  readonly byteLength: (text: string) => number;
}

/** Sends messages of one table until the broker has them all, in order. The deadline is looked at before every attempt. */
export class ChangeSender {
  readonly #options: ChangeSenderOptions;
  readonly #outage: Outage;
  #firstRefused: string | undefined;

  constructor(options: ChangeSenderOptions) {
    this.#options = options;
    this.#outage = new Outage('sending to the topic', options.log, options.clock);
  }

  /**
   * Position of the change that was too large, after `send` has thrown that: all before it was accepted and need not be
   * sent again by this owner. Undefined otherwise.
   */
  get firstRefused(): string | undefined {
    return this.#firstRefused;
  }

  /**
   * Throws LeaseLost, or ChangeTooLarge for a change the broker does not take; waits for everything else until
   * `giveUp` aborts: then the attempt under way is the last, and what it threw is thrown.
   */
  async send(messages: readonly OutgoingMessage[], signal: AbortSignal, giveUp?: AbortSignal): Promise<void> {
    if (messages.length === 0) return;
    let rest = messages;
    while (rest.length > 0) rest = await this.#sendUntilTooLarge(rest, signal, giveUp);
    this.#firstRefused = undefined;
  }

  /** Resolves with what is left: nothing, or what begins with a packed message that was too large, now in two. */
  async #sendUntilTooLarge(
    messages: readonly OutgoingMessage[],
    signal: AbortSignal,
    giveUp: AbortSignal | undefined,
  ): Promise<readonly OutgoingMessage[]> {
    const { topic, lease, clock } = this.#options;
    let rest = messages;
    const attempt = async (attemptSignal: AbortSignal) => {
      const mayStart = () => lease.assertHeld();
      mayStart();
      try {
        await topic.send(rest, { signal: attemptSignal, mayStart });
      } catch (error) {
        rest = notAccepted(rest, (message) => message.sessionId, asDStreamError(error));
        throw error;
      }
    };
    const outage = this.#outage;
    try {
      await retrying(attempt, signal, { clock, outage, again: passes, ...(giveUp && { giveUp }) });
      return [];
    } catch (error) {
      return this.#inParts(rest, error);
    }
  }

  /** Throws what parts do not mend: another error, or a single change that is too large. */
  #inParts(messages: readonly OutgoingMessage[], error: unknown): readonly OutgoingMessage[] {
    const [large, ...others] = messages;
    if (!(error instanceof DStreamError) || error.disposition !== 'dead-letter' || large === undefined)
      throw error;
    const halves = halve(large, this.#options.byteLength);
    if (halves === undefined) {
      this.#firstRefused = String(large.properties['firstPosition']);
      throw this.#tooLarge(error, large);
    }
    this.#options.log.warn(
      'a packed message is larger than the broker takes and goes in parts: lower pack_max_bytes',
      {
        bytes: large.bodyBytes,
      },
    );
    return [...halves, ...others];
  }

  #tooLarge(error: DStreamError, message: OutgoingMessage): DStreamError {
    const what = `a change of ${tableName(this.#options.table)} cannot be sent: ${describe(message)}`;
    return new DStreamError('ChangeTooLarge', `${what}: ${error.message}`, { cause: error });
  }
}

/** Which row and how large: the key stands in the envelope, which is the body's first line. */
function describe(message: OutgoingMessage): string {
  const line = message.body.split('\n', 1)[0] ?? '';
  const { metadata } = JSON.parse(line) as { metadata: { key: unknown; lsn: string; operation: string } };
  const key =
    metadata.key === null ? 'a row without a key' : `the row with key ${JSON.stringify(metadata.key)}`;
  return `${metadata.operation} of ${key} at LSN ${metadata.lsn}, ${message.bodyBytes} bytes`;
}

/** A topic that is gone or a key that is refused is waited for too: the table keeps its place. */
function passes(error: DStreamError): boolean {
  return error.disposition === 'retry' || error.disposition === 'fatal';
}
