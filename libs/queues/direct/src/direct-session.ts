/**
 * The messages of one session, in the order in which they were sent, until each is settled.
 *
 * Free (nobody holds it) → held: messages are handed out in order; those that are handed out and not settled are the
 * first ones of the list → free again when the holder closes it, or when a message that is handed out is refused. What
 * was not settled then is handed out again under the next hold. A message is refused together with all after it, so that
 * what is sent again arrives in its place.
 */
import {
  asDStreamError,
  BatchError,
  DStreamError,
  type BatchFailure,
  type IncomingMessage,
  type Progress,
} from '@dstream/core';

/** A message that is not settled, and the send that waits for it. */
export interface Entry {
  readonly message: IncomingMessage;
  readonly sending: Sending;
  /** Its index in the send. */
  readonly index: number;
}

/** One session, for as long as the process lives. */
export class DirectSession {
  readonly id: string;
  /** State that a holder has saved. */
  progress: Progress | undefined;
  readonly #changed: (session: DirectSession) => void;
  readonly #entries: Entry[] = [];
  /** Aborts when the present hold ends. */
  #lost: AbortController | undefined;
  #handedOut = 0;

  /** @param changed called after every change but `add` */
  constructor(id: string, changed: (session: DirectSession) => void) {
    this.id = id;
    this.#changed = changed;
  }

  /** It has messages, and nobody holds it. */
  get waits(): boolean {
    return this.#lost === undefined && this.#entries.length > 0;
  }

  /** Messages that are handed out and not settled. */
  get handedOut(): number {
    return this.#handedOut;
  }

  add(entry: Entry): void {
    this.#entries.push(entry);
  }

  /** Holds a free session. The signal aborts when the hold ends; until then the methods below are for its holder. */
  hold(): AbortSignal {
    this.#lost = new AbortController();
    return this.#lost.signal;
  }

  /** Hands out the next message. Undefined when there is none, or when it must not start: then it is refused. */
  next(): Entry | undefined {
    const entry = this.#entries[this.#handedOut];
    if (entry === undefined) return undefined;
    const error = thrownBy(entry.sending.mayStart);
    if (error === undefined) this.#handedOut += 1;
    else this.#refuseFrom(this.#handedOut, error);
    return error === undefined ? entry : undefined;
  }

  /** Asks the senders of what is handed out whether it may go on. What may not is refused, and the hold ends. */
  checkSenders(): void {
    for (const [at, { sending }] of this.#entries.slice(0, this.#handedOut).entries()) {
      const error = thrownBy(sending.mayStart);
      if (error !== undefined) return this.#refuseFrom(at, error);
    }
  }

  complete(entry: Entry): void {
    const at = this.#indexOf(entry);
    this.#entries.splice(at, 1);
    this.#handedOut -= 1;
    entry.sending.completed();
    this.#changed(this);
  }

  refuse(entry: Entry, error: DStreamError): void {
    this.#refuseFrom(this.#indexOf(entry), error);
  }

  release(reason: DStreamError): void {
    this.#endHold(reason);
    this.#changed(this);
  }

  /** Refuses every message of a free session. */
  refuseAll(error: DStreamError): void {
    this.#refuseFrom(0, error);
  }

  /** Refuses what is left of a send. */
  withdraw(sending: Sending, error: DStreamError): void {
    const at = this.#entries.findIndex((entry) => entry.sending === sending);
    if (at >= 0) this.#refuseFrom(at, error);
  }

  #indexOf(entry: Entry): number {
    const at = this.#entries.indexOf(entry);
    if (at < 0)
      throw new DStreamError('LockLost', `message ${entry.message.messageId} has already been settled`);
    return at;
  }

  #refuseFrom(at: number, error: DStreamError): void {
    const refused = this.#entries.splice(at);
    if (at < this.#handedOut) this.#endHold(this.#withdrawn(error));
    const own = refused[0]?.sending;
    const follows = new DStreamError('Transient', `a message before it was not accepted: ${error.message}`);
    for (const { sending, index } of refused)
      sending.refused(this.id, index, sending === own ? error : follows);
    this.#changed(this);
  }

  #withdrawn(error: DStreamError): DStreamError {
    const text = `session ${this.id} was withdrawn by its sender: ${error.message}`;
    return new DStreamError('LockLost', text, { cause: error });
  }

  #endHold(reason: DStreamError): void {
    const lost = this.#lost;
    this.#lost = undefined;
    this.#handedOut = 0;
    lost?.abort(reason);
  }
}

function thrownBy(act: () => void): DStreamError | undefined {
  try {
    act();
    return undefined;
  } catch (error) {
    return asDStreamError(error);
  }
}

/** One call of `send`: how many of its messages are open, and from which message on each session was refused. */
export class Sending {
  /** Throws when nothing of it may be handed out, or published, any more. */
  readonly mayStart: () => void;
  readonly #failures = new Map<string, BatchFailure>();
  readonly #done = Promise.withResolvers<void>();
  #open: number;

  /** @param messages how many it has, at least one */
  constructor(messages: number, mayStart: () => void = () => undefined) {
    this.#open = messages;
    this.mayStart = mayStart;
  }

  /** Resolves when every message was completed. Rejects with a BatchError once none is open and some were refused. */
  get done(): Promise<void> {
    return this.#done.promise;
  }

  completed(): void {
    this.#closed();
  }

  /** @param from index of the message in the send */
  refused(key: string, from: number, error: DStreamError): void {
    const known = this.#failures.get(key);
    if (known === undefined || from < known.from) this.#failures.set(key, { key, from, error });
    this.#closed();
  }

  #closed(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    const [first, ...rest] = this.#failures.values();
    if (first === undefined) this.#done.resolve();
    else this.#done.reject(new BatchError([first, ...rest]));
  }
}
