import { DStreamError, type DeadLetterQueue } from '@dstream/core';
import { expect, test } from 'vitest';
import { deadLettered, type DeadLetterWorld } from '../../../../test/support/dead-letters.ts';
import { summaryOf } from './dead-letter-document.ts';
import { chosen } from './dead-letter-filter.ts';
import { settleDeadLetters, type DeadLetterAction, type DeadLetterOutcome } from './settle-dead-letters.ts';

const never = new AbortController().signal;
const everything = { numbers: [], reasons: [], tables: [], outputs: [] };
const replay: DeadLetterAction = {
  kind: 'replay',
  subscription: 'dstream',
  reroute: false,
  hash: (text) => text,
};
const failed = (index: number) => [{ index, output: 'bus', reason: 'no' }];

const all = async (queue: DeadLetterQueue) =>
  (await chosen(queue.browse({ signal: never }), everything, Infinity, summaryOf)).items;

interface Choice {
  readonly action?: DeadLetterAction;
  readonly queue?: DeadLetterQueue;
  readonly signal?: AbortSignal;
}

async function settle({ clock, queue }: DeadLetterWorld, choice: Choice = {}): Promise<DeadLetterOutcome[]> {
  const outcomes: DeadLetterOutcome[] = [];
  const options = { queue, action: replay, clock, signal: never, ...choice };
  for await (const outcome of settleDeadLetters(await all(queue), options)) outcomes.push(outcome);
  return outcomes;
}

const waiting = ({ topic }: DeadLetterWorld) =>
  topic.messages().map(({ messageId, body }) => [messageId, Buffer.from(body).toString()]);

/** The same queue, with one method of its own. */
function withOwn(queue: DeadLetterQueue, own: Partial<DeadLetterQueue>): DeadLetterQueue {
  return {
    browse: (o) => queue.browse(o),
    lock: (numbers, o) => queue.lock(numbers, o),
    send: (message, o) => queue.send(message, o),
    [Symbol.asyncDispose]: () => queue[Symbol.asyncDispose](),
    ...own,
  };
}

test('a replay sends what failed and removes the dead letter', async () => {
  const world = await deadLettered(failed(1), failed(0));
  expect(await settle(world)).toEqual([
    { sequenceNumber: '1', messageId: 'm1', outcome: 'replayed', replayedAs: 'm1:r1' },
    { sequenceNumber: '2', messageId: 'm2', outcome: 'replayed', replayedAs: 'm2:r1' },
  ]);
  expect(waiting(world)).toEqual([
    ['m1:r1', '{"n":1,"line":1}'],
    ['m2:r1', '{"n":2,"line":0}'],
  ]);
  expect(await all(world.queue)).toEqual([]);
});

test('a process that ends between the two repeats the replay, under the same id, and loses nothing', async () => {
  const world = await deadLettered(failed(1));
  const dies = withOwn(world.queue, {
    send: async (message, o) => {
      await world.queue.send(message, o);
      throw new DStreamError('Unexpected', 'killed');
    },
  });
  const killed = settle(world, { queue: dies });
  await expect(Promise.all([killed, world.clock.advance(60_000)])).rejects.toThrow('killed');
  expect(await settle(world)).toMatchObject([{ outcome: 'replayed' }]);
  const ids = new Set(waiting(world).map(([id]) => id));
  expect([ids, await all(world.queue)]).toEqual([new Set(['m1:r1']), []]);
});

test('two operators share the dead letters: each is replayed by one of them', async () => {
  const world = await deadLettered(failed(0), failed(0), failed(0));
  const both = await Promise.all([settle(world), settle({ ...world, queue: world.topic.deadLetterQueue() })]);
  const sent = both.flatMap((outcomes) => outcomes.flatMap(({ replayedAs = [] }) => replayedAs));
  expect([sent.length, new Set(sent)]).toEqual([3, new Set(['m1:r1', 'm2:r1', 'm3:r1'])]);
  expect(waiting(world)).toHaveLength(3);
});

test('what somebody else has locked is skipped and stays', async () => {
  const world = await deadLettered(failed(0), failed(0));
  for await (const dead of world.topic.deadLetterQueue().lock(['1'], { signal: never })) {
    expect(await settle(world)).toMatchObject([
      { messageId: 'm2', outcome: 'replayed' },
      { messageId: 'm1', outcome: 'skipped' },
    ]);
    expect(dead.message.messageId).toBe('m1');
  }
  expect(await all(world.queue)).toMatchObject([{ messageId: 'm1' }]);
});

test('one whose lock was lost after it was sent is reported as kept', async () => {
  const world = await deadLettered(failed(0));
  const loses = withOwn(world.queue, {
    async *lock(numbers, o) {
      const lost = () => Promise.reject(new DStreamError('LockLost', 'the lock is gone'));
      for await (const dead of world.queue.lock(numbers, o)) yield { ...dead, complete: lost };
    },
  });
  expect(await settle(world, { queue: loses })).toMatchObject([
    { outcome: 'kept', replayedAs: 'm1:r1', error: 'the lock is gone' },
  ]);
  expect(await all(world.queue)).toHaveLength(1);
});

test('one that the topic refuses for good stays; the next goes on', async () => {
  const world = await deadLettered(failed(0), failed(0));
  world.topic.failSends(({ messageId }) =>
    messageId === 'm1:r1' ? new DStreamError('MessageTooLarge', 'too large') : undefined,
  );
  expect(await settle(world)).toMatchObject([
    { messageId: 'm1', outcome: 'refused', error: 'too large' },
    { messageId: 'm2', outcome: 'replayed' },
  ]);
  expect(await all(world.queue)).toMatchObject([{ messageId: 'm1' }]);
});

test('one of another producer, without a session, is not sent: it would be dead-lettered at once', async () => {
  const world = await deadLettered(failed(0));
  const foreign = withOwn(world.queue, {
    async *lock(numbers, o) {
      for await (const dead of world.queue.lock(numbers, o)) {
        const { sessionId: _session, ...message } = dead.message;
        yield { ...dead, message };
      }
    },
  });
  expect(await settle(world, { queue: foreign })).toMatchObject([{ outcome: 'refused' }]);
  expect([waiting(world), await all(world.queue)]).toMatchObject([[], [{ messageId: 'm1' }]]);
});

test('a throttled send is tried again', async () => {
  const world = await deadLettered(failed(0));
  let refusals = 2;
  world.topic.failSends(() => (refusals-- > 0 ? new DStreamError('Throttled', 'busy') : undefined));
  const settling = settle(world);
  await world.clock.advance(20_000);
  expect(await settling).toMatchObject([{ outcome: 'replayed' }]);
});

test('after an interrupt no other one is begun', async () => {
  const world = await deadLettered(failed(0), failed(0));
  const stop = new AbortController();
  const stops = withOwn(world.queue, {
    send: async (message, o) => {
      await world.queue.send(message, o);
      stop.abort();
    },
  });
  expect(await settle(world, { queue: stops, signal: stop.signal })).toMatchObject([
    { messageId: 'm1', outcome: 'replayed' },
    { messageId: 'm2', outcome: 'skipped' },
  ]);
  expect(await all(world.queue)).toMatchObject([{ messageId: 'm2' }]);
});

test('discarding sends nothing', async () => {
  const world = await deadLettered(failed(0));
  expect(await settle(world, { action: { kind: 'discard' } })).toEqual([
    { sequenceNumber: '1', messageId: 'm1', outcome: 'discarded' },
  ]);
  expect([waiting(world), await all(world.queue)]).toEqual([[], []]);
});
