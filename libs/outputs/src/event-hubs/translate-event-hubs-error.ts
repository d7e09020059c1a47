/** The one place where an error of the Event Hubs SDK becomes ours: by code, never by message text. */
import { DStreamError, type ErrorCode } from '@dstream/core';
import { proxyHint } from '@dstream/service-bus/amqp';

export interface EventHubsErrorContext {
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

const whatNow: Partial<Record<ErrorCode, string>> = {
  EntityNotFound: 'it does not exist or is disabled: check the name, or create it',
  Unauthorized: 'access was refused: check the key or the role assignment',
  Throttled: 'the service asks to wait',
  TimedOut: 'no answer in time',
  Unreachable: 'the service cannot be reached',
  MessageTooLarge: 'the event is larger than the hub takes',
};

export function translateEventHubsError(error: unknown, context: EventHubsErrorContext): DStreamError {
  if (error instanceof DStreamError) return error;
  const code = codeOf(error);
  const meaning = whatNow[code] ?? (error instanceof Error ? error.message : String(error));
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
