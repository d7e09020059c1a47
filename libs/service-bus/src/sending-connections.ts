/** One connection for the senders of many entities: a namespace takes a limited number of connections. */
import type { ServiceBusSender } from '@azure/service-bus';
import type { Clock } from '@dstream/core';
import { openClient, type ServiceBusAddress } from './address.ts';
import { allClosed, close } from '@dstream/async';
import { ConnectionWatch } from './connection-watch.ts';
import type { OpenSender } from './service-bus-topic.ts';

/** The part of the SDK's client that sending uses. */
export interface SendingClient {
  createSender(entity: string): Pick<ServiceBusSender, 'createMessageBatch' | 'sendMessages' | 'close'>;
  close(): Promise<void>;
}

export interface SendingConnectionsOptions {
  readonly address: ServiceBusAddress;
  /** Longest time of one send, milliseconds. */
  readonly sendTimeoutMs: number;
  readonly clock: Clock;
  /** Where clients come from; the SDK when not given. */
  readonly openClient?: () => SendingClient;
}

interface Use {
  readonly client: SendingClient;
  readonly watch: ConnectionWatch;
  senders: number;
  retired: boolean;
}

/**
 * Opens senders for `ServiceBusTopic` on a connection they share. A sender that got no answer retires its connection:
 * whoever opens next gets a new one, and the old one is closed when its last sender is.
 */
export class SendingConnections implements AsyncDisposable {
  readonly #options: SendingConnectionsOptions;
  readonly #uses = new Set<Use>();
  #current: Use | undefined;

  constructor(options: SendingConnectionsOptions) {
    this.#options = options;
  }

  /** Throws ConfigInvalid for a connection string that cannot be read. */
  openSender(entity: string): OpenSender {
    const use = (this.#current ??= this.#opened());
    const sender = use.client.createSender(entity);
    use.senders += 1;
    let closing: Promise<void> | undefined;
    return {
      sender,
      maxBytes: undefined,
      watch: use.watch,
      distrust: () => this.#retire(use),
      close: () => (closing ??= this.#release(use, sender)),
    };
  }

  /** To be called when every sender is closed. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#current = undefined;
    await allClosed(
      [...this.#uses].map((use) => this.#end(use)),
      'the Service Bus connections',
    );
  }

  #opened(): Use {
    const { address, sendTimeoutMs } = this.#options;
    const client = (this.#options.openClient ?? (() => openClient(address, sendTimeoutMs)))();
    const use = { client, watch: new ConnectionWatch(), senders: 0, retired: false };
    this.#uses.add(use);
    return use;
  }

  #retire(use: Use): void {
    use.retired = true;
    if (this.#current === use) this.#current = undefined;
  }

  /** A link on a connection that is not trusted is not closed by itself: nobody might answer. */
  async #release(use: Use, sender: { close(): Promise<void> }): Promise<void> {
    use.senders -= 1;
    if (!use.retired) await close('a sender', sender, this.#options.clock);
    else if (use.senders === 0) await this.#end(use);
  }

  async #end(use: Use): Promise<void> {
    if (!this.#uses.delete(use)) return;
    await close('the Service Bus connection', use.client, this.#options.clock);
  }
}
