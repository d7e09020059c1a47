import type { Clock, Log } from '@dstream/core';
import { ConnectionWatch } from '@dstream/service-bus/amqp';
import { allClosed, close } from '@dstream/async';
import type { Producer } from './producer.ts';

export interface ProducerConnectionsOptions {
  readonly open: () => Producer;
  /** For messages: `event hub NAME`. */
  readonly what: string;
  readonly clock: Clock;
  readonly log: Log;
}

/** One connection to a hub, while it is used. */
export interface ProducerUse {
  readonly producer: Producer;
  readonly watch: ConnectionWatch;
  /** It gave no answer: later uses get a new one, and it is closed when its last use is over. */
  readonly distrust: () => void;
}

interface Open {
  readonly producer: Producer;
  readonly watch: ConnectionWatch;
  uses: number;
  distrusted: boolean;
}

/** The connection to a hub, opened by its first use. Replaced when it is not trusted any more. */
export class ProducerConnections implements AsyncDisposable {
  readonly #options: ProducerConnectionsOptions;
  readonly #open = new Set<Open>();
  readonly #closing = new Set<Promise<void>>();
  #current: Open | undefined;

  constructor(options: ProducerConnectionsOptions) {
    this.#options = options;
  }

  async use<T>(work: (use: ProducerUse) => Promise<T>): Promise<T> {
    const open = (this.#current ??= this.#opened());
    open.uses += 1;
    try {
      return await work({ producer: open.producer, watch: open.watch, distrust: () => this.#distrust(open) });
    } finally {
      open.uses -= 1;
      if (open.distrusted && open.uses === 0) this.#closeBroken(open);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#current = undefined;
    const closing = [...this.#open].map((open) => this.#close(open));
    await Promise.all(this.#closing);
    await allClosed(closing, this.#options.what);
  }

  #opened(): Open {
    const open = { producer: this.#options.open(), watch: new ConnectionWatch(), uses: 0, distrusted: false };
    this.#open.add(open);
    return open;
  }

  #distrust(open: Open): void {
    open.distrusted = true;
    if (this.#current === open) this.#current = undefined;
  }

  /** Nobody waits for it: it may be broken. */
  #closeBroken(open: Open): void {
    const { what, log } = this.#options;
    const closing = this.#close(open)
      .catch((error: unknown) => log.debug('a broken connection did not close', { entity: what, error }))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #close(open: Open): Promise<void> {
    if (!this.#open.delete(open)) return;
    await close(`the connection of ${this.#options.what}`, open.producer, this.#options.clock);
  }
}
