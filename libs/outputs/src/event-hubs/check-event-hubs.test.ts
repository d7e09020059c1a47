import { DStreamError } from '@dstream/core';
import { expect, test } from 'vitest';
import { judgeHub } from './check-event-hubs.ts';

const broker = { namespace: 'shop', login: { kind: 'identity', principal: 'some-id' } } as const;

test('an identity without a role is given one', () => {
  expect(judgeHub('orders', broker, new DStreamError('Unauthorized', 'no'))).toEqual({
    outcome: 'failed',
    check: 'eventhubs.send',
    subject: 'orders',
    message: 'the identity some-id is refused at event hub orders: it has no role that allows to send',
    remedy: {
      kind: 'command',
      text: `az role assignment create --assignee some-id --role "Azure Event Hubs Data Sender" --scope "$(az eventhubs namespace list --query "[?name=='shop'].id" -o tsv)"`,
    },
  });
});

test('an answer that says nothing about the configuration is shown as it is', () => {
  const error = new DStreamError('Throttled', 'could not connect to event hub orders: throttled');
  expect(judgeHub('orders', broker, error)).toEqual({
    outcome: 'failed',
    check: 'eventhubs.answer',
    subject: 'orders',
    message: 'could not connect to event hub orders: throttled',
    remedy: {
      kind: 'advice',
      text: 'check again; if it persists, look at the namespace in the portal: Metrics, Throttled Requests',
    },
  });
});
