import { DStreamError } from '@dstream/core';
import { expect, test } from 'vitest';
import { judgeFailure, judgeLock } from './check-subscription.ts';

const named = { topic: 'changes', subscription: 'dstream', lockDurationMs: 60_000 };
const broker = { namespace: 'shop', login: { kind: 'identity', principal: 'some-id' } } as const;

test.each([
  [60_000, 0, 'passed'],
  [55_000, 0, 'passed'],
  [54_999, 0, 'failed'],
  [52_000, 3_000, 'passed'],
  [300_000, 0, 'passed'],
])('a lock of %d ms that took %d ms to get has %s', (lastsMs, roundTripMs, outcome) => {
  expect(judgeLock(named, broker, { lastsMs, roundTripMs }).outcome).toBe(outcome);
});

test.each([
  [400_000, 'in 400 s'],
  [-60_000, 'in -60 s'],
])('a lock that lasts %d ms tells of the clock, not of the subscription', (lastsMs, shown) => {
  expect(judgeLock(named, broker, { lastsMs, roundTripMs: 0 })).toEqual({
    outcome: 'warned',
    check: 'servicebus.lock-duration',
    subject: 'dstream',
    message: `a lock that was just taken seems to end ${shown}: the clock here differs from that of the service`,
    remedy: { kind: 'advice', text: 'synchronise the clock of this machine (NTP)' },
  });
});

test('an identity without a role is given one', () => {
  expect(judgeFailure(named, broker, new DStreamError('Unauthorized', 'no'))).toEqual({
    outcome: 'failed',
    check: 'servicebus.listen',
    subject: 'dstream',
    message:
      'the identity some-id is refused at subscription dstream of topic changes: it has no role that allows to listen',
    remedy: {
      kind: 'command',
      text: `az role assignment create --assignee some-id --role "Azure Service Bus Data Receiver" --scope "$(az servicebus namespace list --query "[?name=='shop'].id" -o tsv)"`,
    },
  });
});

test('an answer that says nothing about the configuration is shown as it is', () => {
  const error = new DStreamError('Throttled', 'could not receive: throttled by the service');
  expect(judgeFailure(named, broker, error)).toMatchObject({
    outcome: 'failed',
    check: 'servicebus.answer',
    message: 'could not receive: throttled by the service',
    remedy: { kind: 'advice' },
  });
});
