import type { Deadline } from './deadlines.ts';
import type { DeliveredMessage, HeldBy, MessageState } from '../wire/encode-delivery.ts';
import type { Payload, PropertyChanges } from '../wire/payload.ts';

export interface StoredMessageFields {
  readonly sequence: number;
  readonly enqueuedSequence: number;
  readonly enqueuedAtMs: number;
  readonly expiresAtMs: number;
  readonly payload: Payload;
  readonly state?: MessageState;
  readonly deliveryCount?: number;
  readonly changes?: PropertyChanges;
  readonly deadLetterSource?: string;
  readonly onExpiry?: (message: StoredMessage) => void;
}

/** One copy of a message in one queue, subscription or dead-letter queue. Its own deadline is its time to live. */
export class StoredMessage implements Deadline, DeliveredMessage {
  readonly sequence: number;
  readonly enqueuedSequence: number;
  readonly enqueuedAtMs: number;
  /** Infinity for a message that does not expire. */
  readonly expiresAtMs: number;
  readonly payload: Payload;
  readonly deadLetterSource: string | undefined;
  state: MessageState;
  deliveryCount: number;
  changes: PropertyChanges | undefined;
  lock: HeldBy | undefined;
  /** Completed, dead-lettered or expired: lists that still hold it pass it over. */
  gone = false;
  readonly #onExpiry: ((message: StoredMessage) => void) | undefined;

  constructor(fields: StoredMessageFields) {
    this.sequence = fields.sequence;
    this.enqueuedSequence = fields.enqueuedSequence;
    this.enqueuedAtMs = fields.enqueuedAtMs;
    this.expiresAtMs = fields.expiresAtMs;
    this.payload = fields.payload;
    this.state = fields.state ?? 'active';
    this.deliveryCount = fields.deliveryCount ?? 0;
    this.changes = fields.changes;
    this.deadLetterSource = fields.deadLetterSource;
    this.#onExpiry = fields.onExpiry;
  }

  dueAtMs(): number | undefined {
    return this.gone ? undefined : this.expiresAtMs;
  }

  run(): void {
    this.#onExpiry?.(this);
  }

  change(changes: PropertyChanges | undefined): void {
    if (changes !== undefined && Object.keys(changes).length > 0)
      this.changes = { ...this.changes, ...changes };
  }
}
