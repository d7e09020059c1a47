import { DStreamError } from '@dstream/core';
import { expect, test } from 'vitest';
import { translateEventHubsError } from './producer.ts';

const context = { tried: 'send to', hub: 'orders' };
const messagingError = (fields: object) =>
  Object.assign(new Error('said by the service'), { name: 'MessagingError', ...fields });

test.each([
  [{ code: 'MessagingEntityNotFoundError' }, 'EntityNotFound'],
  [{ code: 'ServiceCommunicationError' }, 'EntityNotFound'],
  [{ code: 'UnauthorizedError' }, 'Unauthorized'],
  [{ code: 'MessageTooLargeError' }, 'MessageTooLarge'],
  [{ code: 'ServerBusyError' }, 'Throttled'],
  [{ code: 'QuotaExceededError' }, 'Throttled'],
  [{ code: 'ServiceUnavailableError' }, 'TimedOut'],
  [{ code: 'OperationTimeoutError' }, 'TimedOut'],
  [{ code: 'ECONNREFUSED', syscall: 'connect' }, 'Unreachable'],
  [{ code: 'ServiceCommunicationError', syscall: 'getaddrinfo' }, 'Unreachable'],
  [{ code: 'DetachForcedError' }, 'Transient'],
  [{}, 'Transient'],
])('%o is %s', (fields, code) => {
  const cause = messagingError(fields);
  const error = translateEventHubsError(cause, context);
  expect([error.code, error.cause]).toEqual([code, cause]);
  expect(error.message).toMatch(/^could not send to event hub orders: /);
});

test('of the attempts on several addresses the first counts', () => {
  const attempts = new AggregateError([messagingError({ syscall: 'connect' }), new Error('other')]);
  expect(translateEventHubsError(attempts, context).code).toBe('Unreachable');
});

test('what is ours stays, and what nobody knows is tried again', () => {
  const ours = new DStreamError('Unauthorized', 'nobody signed in');
  expect(translateEventHubsError(ours, context)).toBe(ours);
  expect(translateEventHubsError(new TypeError('a bug'), context)).toMatchObject({
    code: 'Unexpected',
    disposition: 'retry',
  });
});
