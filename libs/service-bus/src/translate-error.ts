/** The one place where an error of the SDK becomes ours: by code, never by message text. */
import { DStreamError, type ErrorCode } from '@dstream/core';
import { proxyHint } from './amqp.ts';

/** What failed, for the error's text. */
export interface ErrorContext {
  /** What was tried, as it reads after "could not": `send to`. */
  readonly tried: string;
  /** Which entity: `topic ingest-topic`. */
  readonly entity: string;
  /**
   * True while a receiving link is opened. The service answers a session receiver on an entity without sessions, and
   * the reverse, with `amqp:not-allowed`, which the SDK makes a GeneralError that is not retryable: what it means is
   * only known from what was asked.
   */
  readonly askedForSessions?: boolean;
}

/** `ServiceBusError.code` of @azure/service-bus 7.9 to ours. `GeneralError` has no meaning of its own and is looked at closer. */
const codes: Readonly<Record<string, ErrorCode>> = {
  MessagingEntityNotFound: 'EntityNotFound',
  // The SDK gives this name to the AMQP condition amqp:not-found (core-amqp, ConditionErrorNameMapper).
  ServiceCommunicationProblem: 'EntityNotFound',
  MessagingEntityDisabled: 'EntityNotFound',
  UnauthorizedAccess: 'Unauthorized',
  MessageLockLost: 'LockLost',
  SessionLockLost: 'LockLost',
  MessageNotFound: 'LockLost',
  MessageSizeExceeded: 'MessageTooLarge',
  ServiceBusy: 'Throttled',
  QuotaExceeded: 'Throttled',
  ServiceTimeout: 'TimedOut',
  SessionCannotBeLocked: 'Transient',
};

const whatNow: Partial<Record<ErrorCode, string>> = {
  EntityNotFound: 'it does not exist or is disabled: check the name, or create it',
  Unauthorized: 'access was refused: check the key or the role assignment',
  Throttled: 'throttled by the service',
  TimedOut: 'no answer in time',
  Unreachable: 'the service cannot be reached',
  LockLost: 'the lock is gone',
  MessageTooLarge: 'the message is larger than the entity accepts',
};

/** An error of ours is returned as it is. `cause` keeps the original. */
export function translateError(error: unknown, context: ErrorContext): DStreamError {
  if (error instanceof DStreamError) return error;
  const code = codeOf(error, context);
  const meaning = code === 'EntityMismatch' ? mismatch(context) : (whatNow[code] ?? textOf(error));
  const text = `could not ${context.tried} ${context.entity}: ${meaning}${proxyHint(code)}`;
  return new DStreamError(code, text, { cause: error });
}

/**
 * True when the service refused what was sent and would again, for its size or for what it is. A batch over the
 * broker's limit has no code of its own: its link is detached with amqp:not-allowed, a GeneralError that is not
 * retryable.
 */
export function isRefusal(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  const { code, syscall, retryable } = error as { code?: unknown; syscall?: unknown; retryable?: unknown };
  if (code === 'MessageSizeExceeded') return true;
  return code === 'GeneralError' && retryable === false && typeof syscall !== 'string';
}

function codeOf(error: unknown, context: ErrorContext): ErrorCode {
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0], context);
  if (typeof error !== 'object' || error === null) return 'Unexpected';
  const { code, syscall, retryable } = error as { code?: unknown; syscall?: unknown; retryable?: unknown };
  // A failed system call (connect, getaddrinfo, read) keeps its name when the SDK hides its code in GeneralError.
  if (typeof syscall === 'string') return 'Unreachable';
  const known = typeof code === 'string' ? codes[code] : undefined;
  if (known !== undefined) return known;
  if (code !== 'GeneralError') return 'Unexpected';
  return retryable === false && context.askedForSessions !== undefined ? 'EntityMismatch' : 'Transient';
}

function mismatch({ askedForSessions }: ErrorContext): string {
  return askedForSessions === true
    ? 'sessions are not enabled on it: set sessions = false, or use a subscription with sessions'
    : 'it requires sessions: set sessions = true, or use a subscription without them';
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
