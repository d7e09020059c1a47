import type { Deadline, Deadlines } from './deadlines.ts';
import type { Payload } from '../wire/payload.ts';
import { messageNotFound } from '../../protocol/refusal.ts';
import { StoredMessage } from './stored-message.ts';

class Appointment implements Deadline {
  readonly message: StoredMessage;
  readonly atMs: number;
  cancelled = false;
  readonly #onDue: (appointment: Appointment) => void;

  constructor(message: StoredMessage, atMs: number, onDue: (appointment: Appointment) => void) {
    this.message = message;
    this.atMs = atMs;
    this.#onDue = onDue;
  }

  dueAtMs(): number | undefined {
    return this.cancelled ? undefined : this.atMs;
  }

  run(): void {
    this.#onDue(this);
  }
}

export interface ScheduleOptions {
  readonly nowMs: () => number;
  readonly deadlines: Deadlines;
  readonly nextSequence: () => number;
  /** The time has come: the message is sent as if at this moment, with a new sequence number. */
  readonly enqueue: (payload: Payload) => void;
}

/**
 * Messages sent for later. Their sequence number is only valid until then: when they become active they get a new one
 * (Message sequencing and timestamps).
 */
export class Schedule {
  readonly #options: ScheduleOptions;
  readonly #waiting = new Map<number, Appointment>();

  constructor(options: ScheduleOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  add(payload: Payload, atMs: number): number {
    const sequence = this.#options.nextSequence();
    const message = new StoredMessage({
      sequence,
      enqueuedSequence: sequence,
      enqueuedAtMs: this.#options.nowMs(),
      expiresAtMs: Infinity,
      payload,
      state: 'scheduled',
    });
    const appointment = new Appointment(message, atMs, (due) => this.#keep(due));
    this.#waiting.set(sequence, appointment);
    this.#options.deadlines.add(appointment);
    return sequence;
  }

  /** Throws message-not-found when one of them is not waiting; then none is cancelled. */
  cancel(sequences: readonly number[]): void {
    for (const sequence of sequences) if (!this.#waiting.has(sequence)) throw messageNotFound(sequence);
    for (const sequence of sequences) this.#withdraw(sequence);
  }

  /** In the order of their sequence numbers. */
  from(sequence: number, sessionId: string | undefined): StoredMessage[] {
    const messages = [...this.#waiting.values()].map((appointment) => appointment.message);
    return messages.filter(
      (m) => m.sequence >= sequence && (sessionId === undefined || m.payload.sessionId === sessionId),
    );
  }

  #withdraw(sequence: number): void {
    const appointment = this.#waiting.get(sequence);
    if (appointment !== undefined) appointment.cancelled = true;
    this.#waiting.delete(sequence);
  }

  #keep(due: Appointment): void {
    this.#withdraw(due.message.sequence);
    this.#options.enqueue(due.message.payload);
  }
}
