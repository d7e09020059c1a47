import { describe, expect, test } from 'vitest';
import { payload, testQueue, TestConsumer, tokenOf } from './test-broker.ts';

function filled(count: number, settings: Parameters<typeof testQueue>[0] = {}) {
  const made = testQueue(settings);
  for (let i = 1; i <= count; i += 1) made.queue.add(payload(`m${i}`));
  const consumer = new TestConsumer();
  made.queue.attach(consumer);
  return { ...made, consumer };
}

describe('handing out', () => {
  test('messages go out in order, as many as there is credit for', () => {
    const { queue, consumer } = filled(3);
    consumer.credit = 2;
    queue.dispatch();
    expect(consumer.ids).toEqual(['m1', 'm2']);
  });

  test('two receivers are served in turn', () => {
    const { queue, consumer } = filled(4);
    const other = new TestConsumer();
    queue.attach(other);
    queue.dispatch();
    expect([consumer.ids, other.ids]).toEqual([
      ['m1', 'm3'],
      ['m2', 'm4'],
    ]);
  });

  test('receive and delete leaves nothing behind', () => {
    const { queue } = testQueue();
    queue.add(payload('m1'));
    const consumer = new TestConsumer(1, 'receive-and-delete');
    queue.attach(consumer);
    queue.dispatch();
    expect([consumer.ids, queue.size, consumer.got[0]?.lock]).toEqual([['m1'], 0, undefined]);
  });

  test('a silent queue gives nothing although there is credit', () => {
    const { queue, consumer } = filled(1);
    queue.silent = true;
    queue.dispatch();
    expect(consumer.ids).toEqual([]);
  });

  test('a hundred thousand messages are handed out and completed in order', () => {
    const { queue, consumer } = filled(100_000);
    consumer.credit = 1;
    queue.dispatch();
    for (let i = 1; i <= 100_000; i += 1) {
      const [message] = consumer.got;
      if (message?.sequence !== i) throw new Error(`expected ${i}, got ${message?.sequence}`);
      consumer.refill(1);
      queue.settle(tokenOf(message), { kind: 'complete' });
    }
    expect(queue.size).toBe(0);
  });
});

describe('settling', () => {
  test('a completed message is gone, and its lock cannot be used twice', () => {
    const { queue, consumer } = filled(1);
    queue.dispatch();
    const token = tokenOf(consumer.got[0]);
    queue.settle(token, { kind: 'complete' });
    expect(queue.size).toBe(0);
    expect(() => queue.settle(token, { kind: 'complete' })).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:message-lock-lost' }),
    );
  });

  test('an abandoned message comes again before newer ones, counted and with what was changed', () => {
    const { queue, consumer } = filled(2);
    consumer.credit = 1;
    queue.dispatch();
    const token = tokenOf(consumer.got[0]);
    consumer.refill(2);
    queue.settle(token, { kind: 'abandon', changes: { tried: true } });
    expect(consumer.ids).toEqual(['m1', 'm2']);
    expect(consumer.got[0]).toMatchObject({ deliveryCount: 1, changes: { tried: true } });
  });

  test('a released message comes again uncounted', () => {
    const { queue, consumer } = filled(1);
    queue.dispatch();
    const token = tokenOf(consumer.got[0]);
    consumer.refill(1);
    queue.settle(token, { kind: 'release' });
    expect(consumer.got[0]?.deliveryCount).toBe(0);
  });

  test('the last delivery that is allowed ends in the dead letters with its reason', () => {
    const { queue, deadLetters, consumer } = filled(1, { maxDeliveryCount: 3 });
    queue.dispatch();
    for (let i = 0; i < 3; i += 1) {
      const token = tokenOf(consumer.got[0]);
      consumer.refill(1);
      queue.settle(token, { kind: 'abandon' });
    }
    expect([queue.size, consumer.ids]).toEqual([0, []]);
    expect(deadLetters.peek(0, 10)).toMatchObject([
      {
        sequence: 1,
        deliveryCount: 3,
        deadLetterSource: 'q',
        changes: {
          DeadLetterReason: 'MaxDeliveryCountExceeded',
          DeadLetterErrorDescription: 'Message could not be consumed after 3 delivery attempts.',
        },
      },
    ]);
  });

  test('a dead letter keeps reason, description and properties, and is received from the sub-queue', () => {
    const { queue, deadLetters, consumer } = filled(1);
    const undertaker = new TestConsumer();
    deadLetters.attach(undertaker);
    queue.dispatch();
    const settlement = {
      kind: 'dead-letter',
      reason: 'bad',
      description: 'really',
      changes: { index: 4 },
    } as const;
    queue.settle(tokenOf(consumer.got[0]), settlement);
    expect(undertaker.got[0]?.changes).toEqual({
      DeadLetterReason: 'bad',
      DeadLetterErrorDescription: 'really',
      index: 4,
    });
    deadLetters.settle(tokenOf(undertaker.got[0]), { kind: 'complete' });
    expect(deadLetters.size).toBe(0);
  });

  test('dead-lettering a dead letter leaves it there', () => {
    const { queue, deadLetters, consumer } = filled(1);
    queue.dispatch();
    queue.settle(tokenOf(consumer.got[0]), { kind: 'dead-letter' });
    const undertaker = new TestConsumer(1);
    deadLetters.attach(undertaker);
    deadLetters.dispatch();
    deadLetters.settle(tokenOf(undertaker.got[0]), { kind: 'dead-letter' });
    expect(deadLetters.peek(0, 10)).toHaveLength(1);
    undertaker.refill(1);
    deadLetters.dispatch();
    expect(undertaker.ids).toEqual(['m1']);
  });
});

describe('locks', () => {
  test('a lock that runs out gives the message back and counts', () => {
    const { clock, queue, consumer } = filled(1, { lockDurationMs: 30_000 });
    queue.dispatch();
    const token = tokenOf(consumer.got[0]);
    consumer.refill(1);
    clock.advance(29_999);
    expect(consumer.ids).toEqual([]);
    clock.advance(1);
    expect([consumer.ids, consumer.got[0]?.deliveryCount]).toEqual([['m1'], 1]);
    expect(() => queue.renew(token)).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:message-lock-lost' }),
    );
  });

  test('a renewed lock lasts its duration from the renewal on', () => {
    const { clock, queue, consumer } = filled(1, { lockDurationMs: 30_000 });
    queue.dispatch();
    const token = tokenOf(consumer.got[0]);
    clock.advance(20_000);
    expect(queue.renew(token)).toBe(clock.nowMs() + 30_000);
    clock.advance(29_999);
    queue.settle(token, { kind: 'complete' });
    expect(queue.size).toBe(0);
  });

  test('the locks of a receiver that died stay until they run out', () => {
    const { clock, queue, consumer } = filled(1);
    queue.dispatch();
    queue.detach(consumer);
    const next = new TestConsumer();
    queue.attach(next);
    queue.dispatch();
    expect(next.ids).toEqual([]);
    clock.advance(60_000);
    expect(next.ids).toEqual(['m1']);
  });
});

describe('deferring', () => {
  test('a deferred message is received by its number only, and settled like another', () => {
    const { queue, consumer } = filled(1);
    queue.dispatch();
    const token = tokenOf(consumer.got[0]);
    consumer.refill(9);
    queue.settle(token, { kind: 'defer' });
    expect(consumer.ids).toEqual([]);
    const [deferred] = queue.receiveDeferred([1], 'peek-lock', undefined);
    expect(deferred?.state).toBe('deferred');
    queue.settle(tokenOf(deferred), { kind: 'complete' });
    expect(queue.size).toBe(0);
  });

  test('an abandoned deferred message is deferred still', () => {
    const { queue, consumer } = filled(1);
    queue.dispatch();
    queue.settle(tokenOf(consumer.got[0]), { kind: 'defer' });
    const [deferred] = queue.receiveDeferred([1], 'peek-lock', undefined);
    queue.settle(tokenOf(deferred), { kind: 'abandon' });
    expect(queue.receiveDeferred([1], 'peek-lock', undefined)[0]?.deliveryCount).toBe(1);
  });

  test('what is not deferred is not found', () => {
    const { queue } = filled(1);
    expect(() => queue.receiveDeferred([1], 'peek-lock', undefined)).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:message-not-found' }),
    );
  });
});

describe('expiring', () => {
  test('a message expires at the shorter of its own and the default time to live', () => {
    const { clock, queue } = testQueue({ defaultTtlMs: 1000 });
    queue.add(payload('short', { ttlMs: 500 }));
    queue.add(payload('long', { ttlMs: 5000 }));
    clock.advance(500);
    expect(queue.peek(0, 9).map((m) => m.payload.messageId)).toEqual(['long']);
    clock.advance(500);
    expect(queue.size).toBe(0);
  });

  test('an expired message is dead-lettered where that is asked for', () => {
    const { clock, queue, deadLetters } = testQueue({ defaultTtlMs: 1000, deadLetterOnExpiration: true });
    queue.add(payload('m1'));
    clock.advance(1000);
    expect(queue.size).toBe(0);
    expect(deadLetters.peek(0, 1)[0]?.changes).toMatchObject({ DeadLetterReason: 'TTLExpiredException' });
  });

  test('a locked message does not expire before it is given back', () => {
    const { clock, queue, consumer } = filled(1, { defaultTtlMs: 1000 });
    queue.dispatch();
    clock.advance(2000);
    expect(queue.size).toBe(1);
    queue.settle(tokenOf(consumer.got[0]), { kind: 'release' });
    expect(queue.size).toBe(0);
  });
});

test('peeking shows messages of every state from a number on and locks nothing', () => {
  const { queue, consumer } = filled(4);
  consumer.credit = 1;
  queue.dispatch();
  expect(queue.peek(2, 2).map((m) => m.sequence)).toEqual([2, 3]);
  expect(queue.peek(1, 1)[0]?.lock).toBeDefined();
});
