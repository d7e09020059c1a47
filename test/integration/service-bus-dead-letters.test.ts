/** The dead-letter queue of Service Bus beyond its contract: many dead letters, and a service that fails. */
import { ServiceBusClient } from '@azure/service-bus';
import { systemClock } from '@dstream/async';
import type { DeadLetterQueue } from '@dstream/core';
import { ServiceBusDeadLetterQueue } from '@dstream/service-bus-queue';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openStandInBroker, type StandInBroker } from '../support/service-bus-broker.ts';

const { signal } = new AbortController();
const address = 'changes/Subscriptions/dstream/$DeadLetterQueue';

let stack: AsyncDisposableStack;
let broker: StandInBroker;
let queue: DeadLetterQueue;

beforeEach(async () => {
  stack = new AsyncDisposableStack();
  broker = stack.use(await openStandInBroker());
  const opened = broker.deadLetterQueue?.();
  if (opened === undefined) throw new Error('the stand-in has dead letters');
  queue = stack.use(opened);
});
afterEach(() => stack.disposeAsync());

/** Messages without a session, which the broker dead-letters at once. */
async function deadLetters(count: number): Promise<void> {
  const client = new ServiceBusClient(broker.endpoint.connectionString);
  const sender = client.createSender('changes');
  const messages = Array.from({ length: count }, (_, n) => ({
    messageId: `m${n + 1}`,
    body: Buffer.from('{}'),
  }));
  await sender.sendMessages(messages);
  await client.close();
  expect(broker.standIn.messages(address)).toHaveLength(count);
}

async function numbers(): Promise<string[]> {
  const found: string[] = [];
  for await (const { message } of queue.browse({ signal })) found.push(message.sequenceNumber);
  return found;
}

test('all of many pages are seen, in order, and none is locked or counted', async () => {
  await deadLetters(450);
  expect(await numbers()).toEqual(broker.standIn.messages(address).map(({ sequence }) => String(sequence)));
  const seen = broker.standIn.messages(address);
  expect(seen.filter(({ locked, deliveryCount }) => locked || deliveryCount > 0)).toEqual([]);
});

test('one that lies behind more than a link can hold is locked and completed; the others stay', async () => {
  await deadLetters(2_500);
  const all = await numbers();
  const last = all.at(-1) ?? '';
  const locked: string[] = [];
  for await (const dead of queue.lock([all[0] ?? '', last], { signal })) {
    locked.push(dead.message.sequenceNumber);
    await dead.complete();
  }
  expect(locked).toEqual([all[0], last]);
  expect(await numbers()).toEqual(all.slice(1, -1));
});

test('what was received on the way is given back at once', async () => {
  await deadLetters(50);
  const [, , third = ''] = await numbers();
  for await (const dead of queue.lock([third], { signal })) await dead.complete();
  expect(broker.standIn.messages(address).filter(({ locked }) => locked)).toEqual([]);
});

test('a completion that the service refuses rejects, and the dead letter is still there', async () => {
  await deadLetters(1);
  const [only = ''] = await numbers();
  broker.standIn.refuseSettlements(1, 'com.microsoft:message-lock-lost');
  for await (const dead of queue.lock([only], { signal }))
    await expect(dead.complete()).rejects.toMatchObject({ code: 'LockLost' });
  expect(await numbers()).toEqual([only]);
});

test('a subscription that is not there is named', async () => {
  const { connectionString } = broker.endpoint;
  const options = {
    address: { connectionString },
    topic: 'changes',
    subscription: 'gone',
    clock: systemClock,
  };
  const gone = stack.use(new ServiceBusDeadLetterQueue(options));
  await expect(gone.browse({ signal })[Symbol.asyncIterator]().next()).rejects.toMatchObject({
    code: 'EntityNotFound',
    message: expect.stringContaining('the dead-letter queue of subscription gone of topic changes'),
  });
});

test(
  'a connection that is cut while one is locked ends the iteration in time',
  { timeout: 60_000 },
  async () => {
    await deadLetters(20);
    const [, second = ''] = await numbers();
    const startedMs = performance.now();
    const locking = async () => {
      for await (const dead of queue.lock([second], { signal })) {
        broker.standIn.dropConnections();
        await dead.complete();
      }
    };
    await expect(locking()).rejects.toMatchObject({ code: 'TimedOut' });
    // The completion has ten seconds, what was received on the way five.
    expect(performance.now() - startedMs).toBeLessThan(25_000);
  },
);
