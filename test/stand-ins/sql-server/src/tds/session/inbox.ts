import type { Message } from '../wire/packet.ts';

/** Messages that wait for the connection's loop, or the loop that waits for a message. */
export class Inbox {
  readonly #messages: Message[] = [];
  #closed = false;
  #waiting: ((message: Message | undefined) => void) | undefined;

  push(message: Message): void {
    if (this.#waiting === undefined) this.#messages.push(message);
    else this.#resume(message);
  }

  /** No more messages come; those that wait are lost, for there is nobody to answer to. */
  close(): void {
    this.#closed = true;
    this.#messages.length = 0;
    this.#resume(undefined);
  }

  #resume(message: Message | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(message);
  }

  /** Takes the first waiting message when it is of that type. */
  takeIf(type: number): boolean {
    if (this.#messages[0]?.type !== type) return false;
    this.#messages.shift();
    return true;
  }

  /** Undefined when the connection is gone. One caller at a time. */
  next(): Promise<Message | undefined> {
    const message = this.#messages.shift();
    if (message !== undefined) return Promise.resolve(message);
    if (this.#closed) return Promise.resolve(undefined);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }
}
