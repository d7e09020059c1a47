/**
 * A server that can go away and come back on the same port, as one that is restarted does: meanwhile its port refuses
 * connections. Up → down (restart) → up; closed from either.
 */
import { setTimeout as sleep } from 'node:timers/promises';

export interface Stoppable {
  readonly port: number;
  close(): Promise<void>;
}

export interface RestartOptions<S> {
  /** 0 for a free port. */
  readonly start: (port: number) => Promise<S>;
  /** It could not come back: somebody else took the port. */
  readonly onError: (error: unknown) => void;
}

export class RestartableServer<S extends Stoppable> {
  readonly port: number;
  readonly #options: RestartOptions<S>;
  readonly #closing = new AbortController();
  #server: S | undefined;
  #coming: Promise<void> = Promise.resolve();

  private constructor(server: S, options: RestartOptions<S>) {
    this.port = server.port;
    this.#server = server;
    this.#options = options;
  }

  static async start<S extends Stoppable>(
    options: RestartOptions<S> & { readonly port: number },
  ): Promise<RestartableServer<S>> {
    return new RestartableServer(await options.start(options.port), options);
  }

  /** Undefined while it is down. */
  get server(): S | undefined {
    return this.#server;
  }

  /** Resolves when it is down; it comes back after `downMs`. Does nothing when it is down already. */
  async restart(downMs: number): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    this.#server = undefined;
    const down = server.close();
    this.#coming = this.#comeBack(down, downMs).catch(this.#options.onError);
    await down;
  }

  async #comeBack(down: Promise<void>, downMs: number): Promise<void> {
    await down;
    const { signal } = this.#closing;
    // An abort means that the server is being closed: it need not come back.
    await sleep(downMs, undefined, { signal }).catch(() => undefined);
    if (!signal.aborted) this.#server = await this.#options.start(this.port);
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#coming;
    await this.#server?.close();
  }
}
