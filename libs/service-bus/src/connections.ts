/** Clients of the SDK, and senders on a connection that they share or have alone. */
import { ServiceBusClient, type ServiceBusSender, type TokenCredential } from '@azure/service-bus';
import { DStreamError, silentLog, type Clock, type Log } from '@dstream/core';
import { close, ConnectionHolder } from '@dstream/async';
import { ConnectionWatch, transportOptions, type Transport } from './amqp.ts';
import type { SenderLink } from './session-sending.ts';

/** Where a namespace is and how to get in: a connection string, or its host name and an identity. */
export type ServiceBusAddress = (
  { readonly connectionString: string } | { readonly namespace: string; readonly credential: TokenCredential }
) & {
  /** `amqp` unless given. A TransportType in the connection string is ignored. */
  readonly transport?: Transport;
};

/**
 * A client whose calls are tried once and end within `timeoutMs`: retries belong to the caller, who looks at the
 * deadline first, and the SDK's defaults let a send that met a dying socket take 90 s. Connects on first use.
 * Throws ConfigInvalid for a connection string that cannot be read; the error does not repeat it.
 */
export function openClient(address: ServiceBusAddress, timeoutMs: number): ServiceBusClient {
  // The delay is that of a receiver without sessions, which connects again by itself; 30 s by default.
  const retryOptions = { maxRetries: 0, timeoutInMs: timeoutMs, retryDelayInMs: 1_000 };
  const options = { retryOptions, ...transportOptions(address.transport) };
  try {
    return 'connectionString' in address
      ? new ServiceBusClient(address.connectionString, options)
      : new ServiceBusClient(address.namespace, address.credential, options);
  } catch {
    // Without its cause: the SDK's text may quote the string, and the string holds the key.
    const wanted = 'Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY is expected';
    throw new DStreamError('ConfigInvalid', `the Service Bus connection string cannot be read: ${wanted}`);
  }
}

/** A sender with the connection under it. */
export interface OpenSender extends SenderLink {
  /** Watches the connection; without it nobody notices that it was cut. */
  readonly watch?: ConnectionWatch;
  /** The connection gave no answer: senders that are opened later get another one. */
  distrust?(): void;
  close(): Promise<void>;
}

/** A sender that has a connection alone, closed with it. Throws ConfigInvalid as `openClient` does. */
export function openSender(address: ServiceBusAddress, entity: string, timeoutMs: number): OpenSender {
  const client = openClient(address, timeoutMs);
  const sender = client.createSender(entity);
  return { sender, maxBytes: undefined, watch: new ConnectionWatch(), close: () => client.close() };
}

/** The part of the SDK's client that sending uses. */
export interface SendingClient {
  createSender(entity: string): Pick<ServiceBusSender, 'createMessageBatch' | 'sendMessages' | 'close'>;
  close(): Promise<void>;
}

/** What the connections are opened with. */
export interface SendingConnectionsOptions {
  readonly address: ServiceBusAddress;
  /** Longest time of one send, milliseconds. */
  readonly sendTimeoutMs: number;
  readonly clock: Clock;
  readonly log?: Log;
  /** Where clients come from; the SDK unless given. */
  readonly openClient?: () => SendingClient;
}

interface SendingConnection {
  readonly client: SendingClient;
  readonly watch: ConnectionWatch;
  trusted: boolean;
  close(): Promise<void>;
}

/**
 * Opens senders of many entities on one connection, because a namespace accepts a limited number of connections. A sender
 * that got no answer distrusts its connection: senders that are opened later get a new one, and the old one is closed with
 * its last sender.
 */
export class SendingConnections implements AsyncDisposable {
  readonly #clock: Clock;
  readonly #connections: ConnectionHolder<SendingConnection>;

  constructor({ address, sendTimeoutMs, clock, log = silentLog, ...given }: SendingConnectionsOptions) {
    const newClient = given.openClient ?? (() => openClient(address, sendTimeoutMs));
    const open = () => {
      const client = newClient();
      return { client, watch: new ConnectionWatch(), trusted: true, close: () => client.close() };
    };
    this.#clock = clock;
    this.#connections = new ConnectionHolder({ what: 'the Service Bus namespace', open, clock, log });
  }

  /** Throws ConfigInvalid as `openClient` does. */
  openSender(entity: string): OpenSender {
    const { connection, distrust, release } = this.#connections.acquire();
    const sender = connection.client.createSender(entity);
    let closing: Promise<void> | undefined;
    return {
      sender,
      maxBytes: undefined,
      watch: connection.watch,
      distrust: () => {
        connection.trusted = false;
        distrust();
      },
      close: () => (closing ??= this.#closeSender(connection, sender).finally(release)),
    };
  }

  /** A link on a connection that is not trusted is not closed by itself: nobody might answer. */
  async #closeSender(connection: SendingConnection, sender: { close(): Promise<void> }): Promise<void> {
    if (connection.trusted) await close('a sender', sender, this.#clock);
  }

  /** To be called when every sender is closed. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#connections[Symbol.asyncDispose]();
  }
}
