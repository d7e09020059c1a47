import { DStreamError } from '@dstream/core';
import { ServiceBusClient, type TokenCredential } from '@azure/service-bus';
import { transportOptions, type Transport } from './web-sockets.ts';

/** Where a namespace is and how to get in: a connection string, or its host name and an identity. */
export type ServiceBusAddress = (
  { readonly connectionString: string } | { readonly namespace: string; readonly credential: TokenCredential }
) & {
  /** `amqp` when not given. A TransportType in the connection string is not looked at. */
  readonly transport?: Transport;
};

/**
 * A client whose calls are tried once and end within `timeoutMs`: retries belong to the caller, who looks at his
 * deadline first, and the SDK's defaults let a send that met a dying socket take 90 s. Connects on first use.
 * Throws ConfigInvalid for a connection string that cannot be read; it is never repeated.
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
