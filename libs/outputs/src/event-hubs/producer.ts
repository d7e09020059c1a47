import { EventHubProducerClient, type EventDataBatch } from '@azure/event-hubs';
import { DStreamError } from '@dstream/core';
import { transportOptions } from '@dstream/service-bus/amqp';
import type { BrokerAddress } from '../destinations/broker-options.ts';

interface Abortable {
  readonly abortSignal: AbortSignal;
}

/** The part of the SDK's producer that sending uses. One producer is one connection, to one hub. */
export interface Producer {
  getPartitionIds(options: Abortable): Promise<string[]>;
  createBatch(options: Abortable & { readonly partitionId: string }): Promise<EventDataBatch>;
  sendBatch(batch: EventDataBatch, options: Abortable): Promise<void>;
  close(): Promise<void>;
}

/**
 * A producer whose calls are tried once and end within `timeoutMs`: retries belong to the caller. Connects on first
 * use. Throws ConfigInvalid for a connection string that cannot be read; it is never repeated.
 */
export function openProducer(address: BrokerAddress, hub: string, timeoutMs: number): Producer {
  const retryOptions = { maxRetries: 0, timeoutInMs: timeoutMs };
  const options = { retryOptions, ...transportOptions(address.transport) };
  try {
    return 'connectionString' in address
      ? new EventHubProducerClient(address.connectionString, hub, options)
      : new EventHubProducerClient(address.namespace, hub, address.credential, options);
  } catch {
    // Without its cause: the SDK's text quotes the string, and the string holds the key.
    const wanted = 'Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY is expected';
    throw new DStreamError('ConfigInvalid', `the Event Hubs connection string cannot be read: ${wanted}`);
  }
}
