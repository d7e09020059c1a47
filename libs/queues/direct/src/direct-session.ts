/**
 * The messages of one session, in the order in which they were sent, until each is settled.
 *
 * Free (nobody holds it) → held: messages are handed out in order; those that are handed out and not settled are the
 * first ones of the list → free again when the holder closes it, or when a message that is handed out is refused. What
 * was not settled then is handed out again under the next hold. A message is refused with all that is behind it: sent
 * again, it arrives in its place.
 */
import { asDStreamError, DStreamError, type IncomingMessage, type Progress } from '@dstream/core';
import type { Sending } from './sending.ts';

/** A message that is not settled. */
export interface Entry {
  readonly message: IncomingMessage;
  readonly sending: Sending;
  /** Its index in the send. */
  readonly index: number;
}

export class DirectSession {
  readonly id: string;
  /** What a holder has saved. It stays for as long as the process lives. */
  progress: Progress | undefined;
  readonly #changed: (session: DirectSession) => void;
  readonly #entries: Entry[] = [];
  /** Of the present hold. */
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

  /** For one that is free. The signal aborts when the hold ends; what follows is for its holder, while it has not. */
  hold(): AbortSignal {
    this.#lost = new AbortController();
    return this.#lost.signal;
  }

  /** Hands the next message out. Undefined when there is none, also because it must not start: then it is refused. */
  next(): Entry | undefined {
    const entry = this.#entries[this.#handedOut];
    if (entry === undefined) return undefined;
    const error = thrownBy(entry.sending.mayStart);
    if (error === undefined) this.#handedOut += 1;
    else this.#refuseFrom(this.#handedOut, error);
    return error === undefined ? entry : undefined;
  }

  /** Asks the senders of what is handed out whether it may go on. If one says no it is refused, and the hold ends. */
  ask(): void {
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

  /** For one that is free. */
  refuseAll(error: DStreamError): void {
    this.#refuseFrom(0, error);
  }

  /** Takes back what is left of a send. */
  withdraw(sending: Sending, error: DStreamError): void {
    const at = this.#entries.findIndex((entry) => entry.sending === sending);
    if (at >= 0) this.#refuseFrom(at, error);
  }

  #indexOf(entry: Entry): number {
    const at = this.#entries.indexOf(entry);
    if (at < 0) throw new DStreamError('LockLost', `message ${entry.message.messageId} is settled already`);
    return at;
  }

  #refuseFrom(at: number, error: DStreamError): void {
    const refused = this.#entries.splice(at);
    if (at < this.#handedOut) this.#endHold(this.#takenBack(error));
    const own = refused[0]?.sending;
    const behind = new DStreamError(
      'Transient',
      `what was sent before it was not accepted: ${error.message}`,
    );
    for (const { sending, index } of refused)
      sending.refused(this.id, index, sending === own ? error : behind);
    this.#changed(this);
  }

  #takenBack(error: DStreamError): DStreamError {
    const text = `session ${this.id} was taken back by its sender: ${error.message}`;
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
