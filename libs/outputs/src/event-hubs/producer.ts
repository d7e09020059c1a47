/** The SDK's producer of an event hub, and its errors as ours. */
import { EventHubProducerClient, type EventDataBatch } from '@azure/event-hubs';
import { DStreamError, type ErrorCode } from '@dstream/core';
import { proxyHint, transportOptions } from '@dstream/service-bus/amqp';
import type { BrokerAddress } from '../destinations/broker-settings.ts';

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
 * A producer that tries each call once, for `timeoutMs` at most: the caller retries. Connects at its first use. Throws
 * ConfigInvalid, which does not repeat the connection string, if that cannot be read.
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

/** Parts of the message of a translated error. */
interface EventHubsErrorContext {
  /** What was tried, as it reads after "could not": `send to`. */
  readonly tried: string;
  readonly hub: string;
}

/** `MessagingError.code` of @azure/event-hubs 6 (core-amqp, ConditionErrorNameMapper) to ours. */
const codes: Readonly<Record<string, ErrorCode>> = {
  MessagingEntityNotFoundError: 'EntityNotFound',
  // The name that core-amqp gives to the AMQP condition amqp:not-found.
  ServiceCommunicationError: 'EntityNotFound',
  MessagingEntityDisabledError: 'EntityNotFound',
  UnauthorizedError: 'Unauthorized',
  PublisherRevokedError: 'Unauthorized',
  MessageTooLargeError: 'MessageTooLarge',
  ServerBusyError: 'Throttled',
  QuotaExceededError: 'Throttled',
  // The name that core-amqp gives to the condition com.microsoft:timeout.
  ServiceUnavailableError: 'TimedOut',
  OperationTimeoutError: 'TimedOut',
};

const meanings: Partial<Record<ErrorCode, string>> = {
  EntityNotFound: 'it does not exist or is disabled: check the name, or create it',
  Unauthorized: 'access was refused: check the key or the role assignment',
  Throttled: 'the service is throttling requests',
  TimedOut: 'no answer in time',
  Unreachable: 'the service cannot be reached',
  MessageTooLarge: 'the event is larger than the hub accepts',
};

/** The one place where an error of the Event Hubs SDK becomes ours: by its code, never by the text of its message. */
export function translateEventHubsError(error: unknown, context: EventHubsErrorContext): DStreamError {
  if (error instanceof DStreamError) return error;
  const code = codeOf(error);
  const meaning = meanings[code] ?? (error instanceof Error ? error.message : String(error));
  const text = `could not ${context.tried} event hub ${context.hub}: ${meaning}${proxyHint(code)}`;
  return new DStreamError(code, text, { cause: error });
}

function codeOf(error: unknown): ErrorCode {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof error !== 'object' || error === null) return 'Unexpected';
  const { name, code, syscall } = error as { name?: unknown; code?: unknown; syscall?: unknown };
  // A failed system call (connect, getaddrinfo, read) keeps its name.
  if (typeof syscall === 'string') return 'Unreachable';
  const known = typeof code === 'string' ? codes[code] : undefined;
  return known ?? (name === 'MessagingError' ? 'Transient' : 'Unexpected');
}
