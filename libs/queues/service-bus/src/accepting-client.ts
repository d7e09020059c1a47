import type { SessionReceiverPort } from './receiver-port.ts';

/** A connection that accepts sessions; the sessions live on it. */
export interface AcceptingClient {
  /** Waits, for as long as the client's timeout, for the next session with messages. Cannot be aborted. */
  acceptNextSession(): Promise<SessionReceiverPort>;
  close(): Promise<void>;
}

interface Use {
  readonly client: AcceptingClient;
  sessions: number;
  retired: boolean;
}

/**
 * The connection to accept on. After a failure a new one takes its place, so that a connection that is dead without
 * knowing is not asked for ever; the old one is closed when its last session has ended.
 */
export class AcceptingClients {
  readonly #open: () => AcceptingClient;
  readonly #close: (client: AcceptingClient) => Promise<void>;
  readonly #uses = new Set<Use>();
  #current: Use | undefined;

  constructor(open: () => AcceptingClient, closeClient: (client: AcceptingClient) => Promise<void>) {
    this.#open = open;
    this.#close = closeClient;
  }

  /** The session and what to call, once, when it has ended. */
  async accept(): Promise<{ port: SessionReceiverPort; release: () => Promise<void> }> {
    const use = (this.#current ??= this.#opened());
    use.sessions += 1;
    try {
      const port = await use.client.acceptNextSession();
      return { port, release: () => this.#release(use) };
    } catch (error) {
      await this.#release(use);
      throw error;
    }
  }

  /** The next `accept` opens a new connection. */
  async retire(): Promise<void> {
    const use = this.#current;
    if (use === undefined) return;
    this.#current = undefined;
    use.retired = true;
    if (use.sessions === 0) await this.#end(use);
  }

  /** One promise for every connection that is still open, also for those with an accept that never ended. */
  closeAll(): readonly Promise<void>[] {
    this.#current = undefined;
    return [...this.#uses].map((use) => this.#end(use));
  }

  #opened(): Use {
    const use = { client: this.#open(), sessions: 0, retired: false };
    this.#uses.add(use);
    return use;
  }

  async #release(use: Use): Promise<void> {
    use.sessions -= 1;
    if (use.retired && use.sessions === 0) await this.#end(use);
  }

  async #end(use: Use): Promise<void> {
    if (this.#uses.delete(use)) await this.#close(use.client);
  }
}
