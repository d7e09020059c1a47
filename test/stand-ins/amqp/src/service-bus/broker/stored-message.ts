import type { Deadline } from './deadlines.ts';
import type { Payload, PropertyChanges } from './payload.ts';

export type MessageState = 'active' | 'deferred' | 'scheduled';

/** What others may know of the peek-lock that holds a message. */
export interface HeldBy {
  /** 32 hex digits. */
  readonly token: string;
  /** Wall clock. */
  readonly untilMs: number;
}

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
export class StoredMessage implements Deadline {
  readonly sequence: number;
  /** The number it got where it was first sent to. */
  readonly enqueuedSequence: number;
  readonly enqueuedAtMs: number;
  /** Infinity for a message that does not expire. */
  readonly expiresAtMs: number;
  readonly payload: Payload;
  readonly deadLetterSource: string | undefined;
  state: MessageState;
  /** How often it was handed out in vain: 0 at the first delivery. */
  deliveryCount: number;
  /** Application properties set by settlements, over those of the payload. */
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
