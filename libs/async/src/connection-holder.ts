/** Holds a connection that many use: opened at the first use, replaced when it is distrusted, closed after its last use. */
import { DStreamError, type Clock, type Log } from '@dstream/core';
import { withTimeout } from './time.ts';

/** What is closed: a client, a receiver, a sender. */
export interface Closable {
  close(): Promise<void>;
}

/** Which connections, and how one is opened. */
export interface ConnectionHolderOptions<T extends Closable> {
  /** What the connections lead to, for errors and log lines: `event hub orders`. */
  readonly what: string;
  /** Called at the first use and at the first after a connection was distrusted. What it throws, the use throws. */
  readonly open: () => T;
  readonly clock: Clock;
  readonly log: Log;
}

/** A connection while it is used. */
export interface ConnectionUse<T> {
  readonly connection: T;
  /** It gave no answer: later uses get a new connection, and this one is closed when its last use is over. */
  readonly distrust: () => void;
  /** The use is over. Only the first call counts. */
  readonly release: () => void;
}

interface Open<T> {
  readonly connection: T;
  uses: number;
  distrusted: boolean;
}

/**
 * One connection for many uses. Open → used (counted) → distrusted: the next use opens another one, and nobody waits for
 * the old one to close, because it may be broken. Distrusting a connection that was replaced already changes nothing.
 */
export class ConnectionHolder<T extends Closable> implements AsyncDisposable {
  readonly #options: ConnectionHolderOptions<T>;
  readonly #open = new Set<Open<T>>();
  readonly #closing = new Set<Promise<void>>();
  #current: Open<T> | undefined;

  constructor(options: ConnectionHolderOptions<T>) {
    this.#options = options;
  }

  /** Runs `work` on the connection; the use is over when it settles. */
  async use<R>(work: (use: ConnectionUse<T>) => Promise<R>): Promise<R> {
    const use = this.acquire();
    try {
      return await work(use);
    } finally {
      use.release();
    }
  }

  /** Counts a use that ends elsewhere, such as a link that lives on the connection. `release` ends it. */
  acquire(): ConnectionUse<T> {
    const open = (this.#current ??= this.#opened());
    let isOver = false;
    open.uses += 1;
    return {
      connection: open.connection,
      distrust: () => this.#distrust(open),
      release: () => {
        if (isOver) return;
        isOver = true;
        open.uses -= 1;
        if (open.distrusted && open.uses === 0) this.#closeReplaced(open);
      },
    };
  }

  /** Closes all, also those in use. Rejects with what failed, but for connections that were replaced before. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#current = undefined;
    const closing = [...this.#open].map((open) => this.#close(open));
    await Promise.allSettled([...closing, ...this.#closing]);
    await allClosed(closing, this.#options.what);
  }

  #opened(): Open<T> {
    const open = { connection: this.#options.open(), uses: 0, distrusted: false };
    this.#open.add(open);
    return open;
  }

  #distrust(open: Open<T>): void {
    open.distrusted = true;
    if (this.#current === open) this.#current = undefined;
    if (open.uses === 0) this.#closeReplaced(open);
  }

  #closeReplaced(open: Open<T>): void {
    const { what, log } = this.#options;
    const closing = this.#close(open)
      .catch((error: unknown) => log.debug('could not close replaced connection', { entity: what, error }))
      .finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }

  async #close(open: Open<T>): Promise<void> {
    if (!this.#open.delete(open)) return;
    await close(`the connection of ${this.#options.what}`, open.connection, this.#options.clock);
  }
}

/** A connection that drops while it is closed never settles the SDK's `close` (rhea-promise 3): it gets this long. */
const closeLimitMs = 5_000;

const never = new AbortController().signal;

/** Closes a client, receiver or sender, and gives up after five seconds with TimedOut. @param what for the error */
export function close(what: string, port: Closable, clock: Clock): Promise<void> {
  const late = () => new DStreamError('TimedOut', `${what} did not close within ${closeLimitMs} ms`);
  const atMs = clock.monotonicMs() + closeLimitMs;
  return withTimeout({ clock, atMs, late, signal: never }, () => port.close());
}

/** Waits for all, then throws what failed: one error as it is, several as an AggregateError. */
export async function allClosed(closing: readonly Promise<void>[], what: string): Promise<void> {
  const outcomes = await Promise.allSettled(closing);
  const errors = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as unknown] : []));
  if (errors.length === 1) throw errors[0];
  if (errors.length > 1) throw new AggregateError(errors, `${what}: ${errors.length} errors while closing`);
}
