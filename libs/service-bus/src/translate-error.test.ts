import { DStreamError } from '@dstream/core';
import { expect, onTestFinished, test, vi } from 'vitest';
import { translateError } from './translate-error.ts';

const context = { tried: 'send to', entity: 'topic orders' };

function vendor(fields: object, message = 'SharedAccessKey=secret'): Error {
  return Object.assign(new Error(message), fields);
}

test.each([
  ['MessagingEntityNotFound', 'EntityNotFound', 'fatal'],
  ['ServiceCommunicationProblem', 'EntityNotFound', 'fatal'],
  ['UnauthorizedAccess', 'Unauthorized', 'fatal'],
  ['ServiceBusy', 'Throttled', 'retry'],
  ['QuotaExceeded', 'Throttled', 'retry'],
  ['ServiceTimeout', 'TimedOut', 'retry'],
  ['SessionLockLost', 'LockLost', 'lost'],
  ['MessageLockLost', 'LockLost', 'lost'],
  ['MessageSizeExceeded', 'MessageTooLarge', 'dead-letter'],
])('%s becomes %s', (code, expected, disposition) => {
  const error = translateError(vendor({ code }), context);
  expect(error).toMatchObject({ code: expected, disposition });
  expect(error.message).toMatch(/^could not send to topic orders: /);
  expect(error.message).not.toContain('secret');
});

test('a failed system call is unreachable, whatever the SDK makes of its code', () => {
  expect(translateError(vendor({ code: 'GeneralError', syscall: 'connect' }), context).code).toBe(
    'Unreachable',
  );
});

test('of several addresses that refuse the first one speaks', () => {
  const refused = vendor({ code: 'ECONNREFUSED', syscall: 'connect', errno: -111 });
  expect(translateError(new AggregateError([refused, refused]), context).code).toBe('Unreachable');
});

test('a general error that is final means a mismatch only where a receiver was opened', () => {
  const error = vendor({ code: 'GeneralError', retryable: false });
  expect(translateError(error, context).code).toBe('Transient');
  const asked = translateError(error, { ...context, askedForSessions: true });
  expect(asked.code).toBe('EntityMismatch');
  expect(asked.message).toContain('sessions = false');
  expect(translateError(error, { ...context, askedForSessions: false }).message).toContain('sessions = true');
});

test('one of ours stays as it is, and what is unknown is tried again', () => {
  const ours = new DStreamError('LeaseLost', 'gone');
  expect(translateError(ours, context)).toBe(ours);
  expect(translateError('oops', context)).toMatchObject({ code: 'Unexpected', disposition: 'retry' });
});

test('an unreachable service: the error explains that a proxy is passed over WebSockets only', () => {
  vi.stubEnv('HTTPS_PROXY', 'http://user:open-sesame@proxy:8080');
  onTestFinished(() => void vi.unstubAllEnvs());
  const hint = ' (AMQP passes the proxy of HTTPS_PROXY only with transport = "websockets")';
  const refused = translateError(vendor({ code: 'ECONNREFUSED', syscall: 'connect' }), context);
  expect(refused.message.endsWith(hint)).toBe(true);
  expect(translateError(vendor({ code: 'UnauthorizedAccess' }), context).message).not.toContain('proxy');
});
