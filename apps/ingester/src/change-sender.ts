import {
  asDStreamError,
  DStreamError,
  notAccepted,
  tableName,
  type Clock,
  type DStreamError as Failure,
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
}

/** Sends messages of one table until the broker has them all, in order. The deadline is looked at before every attempt. */
export class ChangeSender {
  readonly #options: ChangeSenderOptions;
  readonly #outage: Outage;

  constructor(options: ChangeSenderOptions) {
    this.#options = options;
    this.#outage = new Outage('sending to the topic', options.log, options.clock);
  }

  /** Throws LeaseLost, or ChangeTooLarge for a change the broker does not take; waits for everything else. */
  async send(messages: readonly OutgoingMessage[], signal: AbortSignal): Promise<void> {
    const { topic, lease, clock } = this.#options;
    let rest = messages;
    const attempt = async (attemptSignal: AbortSignal) => {
      lease.assertHeld();
      try {
        await topic.send(rest, { signal: attemptSignal });
      } catch (error) {
        rest = notAccepted(rest, (message) => message.sessionId, asDStreamError(error));
        throw error;
      }
    };
    try {
      await retrying(attempt, signal, { clock, outage: this.#outage, again: passes });
    } catch (error) {
      throw this.#tooLarge(error, rest[0]) ?? error;
    }
  }

  #tooLarge(error: unknown, message: OutgoingMessage | undefined): Failure | undefined {
    if (!(error instanceof DStreamError) || error.disposition !== 'dead-letter' || message === undefined)
      return undefined;
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
function passes(error: Failure): boolean {
  return error.disposition === 'retry' || error.disposition === 'fatal';
}
