import type { Payload } from '../wire/payload.ts';
import { messageTooLarge, notAllowed, quotaExceeded } from '../../protocol/refusal.ts';
import { DuplicateWindow } from './duplicate-window.ts';
import type { Deadlines } from './deadlines.ts';
import type { MessageQueue } from './message-queue.ts';
import type { SendSettings } from './queue-settings.ts';
import { Schedule } from './schedule.ts';

export interface SendTargetOptions {
  /** In the spelling it was first used or declared with. */
  readonly name: string;
  readonly settings: SendSettings;
  readonly nowMs: () => number;
  readonly deadlines: Deadlines;
}

/** What a queue and a topic have in common: messages are sent to it, at once or for later, and duplicates dropped. */
export abstract class SendTarget {
  readonly name: string;
  readonly settings: SendSettings;
  readonly schedule: Schedule;
  /** Refuse to take more, as an entity at its quota does. */
  full = false;
  readonly #nowMs: () => number;
  readonly #duplicates: DuplicateWindow | undefined;

  constructor(options: SendTargetOptions) {
    const { nowMs, deadlines } = options;
    this.name = options.name;
    this.settings = options.settings;
    this.#nowMs = nowMs;
    const windowMs = options.settings.duplicateWindowMs;
    this.#duplicates = windowMs === undefined ? undefined : new DuplicateWindow(windowMs, nowMs);
    const enqueue = (payload: Payload): void => this.#deliver([payload]);
    this.schedule = new Schedule({ nowMs, deadlines, enqueue, nextSequence: () => this.nextSequence() });
  }

  /** Takes all or, throwing a Refusal, none. Duplicates are taken and dropped. */
  send(payloads: readonly Payload[]): void {
    this.check(payloads);
    const fresh = payloads.filter((payload) => this.#isFresh(payload));
    const now = this.#nowMs();
    this.#deliver(fresh.filter((payload) => (payload.scheduledAtMs ?? 0) <= now));
    for (const payload of fresh) {
      if ((payload.scheduledAtMs ?? 0) > now) this.schedule.add(payload, payload.scheduledAtMs ?? now);
    }
  }

  /**
   * Sequence numbers of the scheduled messages, in order. Takes all or, throwing a Refusal, none. A duplicate gets a
   * number too, and nothing waits under it.
   */
  sendLater(payloads: readonly Payload[]): number[] {
    this.check(payloads);
    const limit = this.settings.maxMessageBytes;
    for (const { bytes } of payloads) if (bytes > limit) throw messageTooLarge(bytes, limit);
    return payloads.map((payload) =>
      this.#isFresh(payload)
        ? this.schedule.add(payload, payload.scheduledAtMs ?? this.#nowMs())
        : this.nextSequence(),
    );
  }

  /** Scheduled messages count as sent when they are scheduled, not when they become active (Duplicate detection). */
  #isFresh({ messageId }: Payload): boolean {
    return this.#duplicates?.isDuplicate(messageId) !== true;
  }

  protected check(_payloads: readonly Payload[]): void {
    if (this.full) throw quotaExceeded(this.name);
  }

  protected abstract nextSequence(): number;
  protected abstract take(payload: Payload): void;
  protected abstract handOut(): void;

  #deliver(payloads: readonly Payload[]): void {
    if (payloads.length === 0) return;
    for (const payload of payloads) this.take(payload);
    this.handOut();
  }
}

export class QueueEntity extends SendTarget {
  readonly queue: MessageQueue;

  constructor(options: SendTargetOptions, queue: MessageQueue) {
    super(options);
    this.queue = queue;
  }

  /** A queue with sessions takes no message without a session id. */
  protected override check(payloads: readonly Payload[]): void {
    super.check(payloads);
    if (!this.queue.settings.requiresSession) return;
    if (payloads.some((payload) => payload.sessionId === undefined)) throw notAllowed(sessionIdMissing);
  }

  protected override nextSequence(): number {
    return this.queue.nextSequence();
  }

  protected override take(payload: Payload): void {
    this.queue.add(payload);
  }

  protected override handOut(): void {
    this.queue.dispatch();
  }
}

const sessionIdMissing =
  'The SessionId was not set on a message, and it cannot be sent to the entity. Entities that have session support ' +
  'enabled can only receive messages that have the SessionId set to a valid value.';

/** Copies every message to every subscription; without one it takes messages and forgets them. */
export class TopicEntity extends SendTarget {
  /** By lower-case name. */
  readonly subscriptions = new Map<string, MessageQueue>();
  #lastSequence = 0;

  protected override nextSequence(): number {
    this.#lastSequence += 1;
    return this.#lastSequence;
  }

  protected override take(payload: Payload): void {
    const sequence = this.nextSequence();
    for (const subscription of this.subscriptions.values()) this.#copy(subscription, payload, sequence);
  }

  protected override handOut(): void {
    for (const subscription of this.subscriptions.values()) subscription.dispatch();
  }

  /** A subscription with sessions cannot place a message without one: it is dead-lettered there (Dead-letter queues). */
  #copy(subscription: MessageQueue, payload: Payload, sequence: number): void {
    const expiring = this.settings.defaultTtlMs < (payload.ttlMs ?? Infinity);
    const copy = expiring ? { ...payload, ttlMs: this.settings.defaultTtlMs } : payload;
    if (subscription.settings.requiresSession && payload.sessionId === undefined) {
      subscription.addDead(copy, sequence, 'Session ID is null', sessionIdNull);
    } else subscription.add(copy, sequence);
  }
}

const sessionIdNull = "Session enabled entity doesn't allow a message whose session identifier is null.";
