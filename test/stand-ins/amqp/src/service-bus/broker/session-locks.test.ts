/** Sessions at their borders: when a lock ends, who comes next, and in which order messages come. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { MessageQueue } from './message-queue.ts';
import type { SessionHold } from './session.ts';
import { payload, testQueue, TestConsumer, TestHolder, TestWaiter, tokenOf } from './test-broker.ts';

const lockMs = 30_000;
const withSessions = { requiresSession: true, lockDurationMs: lockMs };

function add(queue: MessageQueue, sessionId: string, ...ids: readonly string[]): void {
  for (const id of ids) queue.add(payload(id, { sessionId }));
}

function consume(queue: MessageQueue, hold: SessionHold, credit = Infinity): TestConsumer {
  const consumer = new TestConsumer(credit);
  hold.consumer = consumer;
  queue.dispatchSession(hold.session);
  return consumer;
}

/** Accepts a session by id and takes what it has. */
function take(queue: MessageQueue, sessionId: string, credit = Infinity) {
  const holder = new TestHolder(`link of ${sessionId}`);
  const hold = queue.acceptSession(sessionId, holder);
  return { holder, hold, consumer: consume(queue, hold, credit) };
}

function waits(queue: MessageQueue, name: string, waitMs = 1_000_000): TestWaiter {
  const waiter = new TestWaiter(name);
  queue.acceptNextSession(waiter, waitMs);
  return waiter;
}

const refused = (condition: string) => expect.objectContaining({ condition: `com.microsoft:${condition}` });

describe('the lock of a session', () => {
  test('holds to its last millisecond, and not one longer', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const { holder, hold } = take(queue, 'a');
    expect(hold.untilMs).toBe(clock.nowMs() + lockMs);
    clock.advance(lockMs - 1);
    expect(holder.lost).toBe(0);
    expect(() => queue.acceptSession('a', new TestHolder('other'))).toThrow(
      refused('session-cannot-be-locked'),
    );
    clock.advance(1);
    expect(holder.lost).toBe(1);
    expect(queue.acceptSession('a', new TestHolder('other')).holder.name).toBe('other');
  });

  test('lasts its whole duration from a renewal on; after its end there is nothing to renew', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const { holder, hold } = take(queue, 'a');
    clock.advance(lockMs - 1);
    expect(queue.sessions.renew(hold)).toBe(clock.nowMs() + lockMs);
    clock.advance(lockMs - 1);
    expect(holder.lost).toBe(0);
    clock.advance(1);
    expect(holder.lost).toBe(1);
    expect(() => queue.sessions.holdOf('a', 'link of a')).toThrow(refused('session-lock-lost'));
  });

  test('counts a delivery of what was handed out when it runs out, and of nothing else', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1', 'a2', 'a3');
    const { consumer } = take(queue, 'a', 2);
    queue.settle(tokenOf(consumer.got[0]), { kind: 'complete' });
    clock.advance(lockMs);
    const again = take(queue, 'a').consumer;
    expect(again.got.map((m) => [m.payload.messageId, m.deliveryCount])).toEqual([
      ['a2', 1],
      ['a3', 0],
    ]);
  });

  test('that was given up refuses the settlements of its messages, which go to the next holder', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const { hold, consumer } = take(queue, 'a');
    const token = tokenOf(consumer.got[0]);
    queue.releaseSession(hold);
    const again = take(queue, 'a').consumer;
    expect(() => queue.settle(token, { kind: 'complete' })).toThrow(refused('message-lock-lost'));
    queue.settle(tokenOf(again.got[0]), { kind: 'complete' });
    expect(queue.size).toBe(0);
  });

  test('of one session ends alone', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    add(queue, 'b', 'b1');
    const first = take(queue, 'a');
    clock.advance(lockMs / 2);
    const second = take(queue, 'b');
    clock.advance(lockMs / 2);
    expect([first.holder.lost, second.holder.lost]).toEqual([1, 0]);
    queue.settle(tokenOf(second.consumer.got[0]), { kind: 'complete' });
    expect(queue.peek(0, 9).map((m) => m.payload.messageId)).toEqual(['a1']);
  });
});

describe('the next session', () => {
  test('is the one that has waited longest; one that was given back goes behind the others', () => {
    const { queue } = testQueue(withSessions);
    for (const session of ['a', 'b', 'c']) add(queue, session, `${session}1`);
    const first = waits(queue, 'l1');
    expect(first.hold?.session.id).toBe('a');
    queue.releaseSession(first.hold as SessionHold);
    expect(['l2', 'l3', 'l4'].map((name) => waits(queue, name).hold?.session.id)).toEqual(['b', 'c', 'a']);
  });

  test('goes to who waits as soon as a lock has run out', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1', 'a2');
    take(queue, 'a');
    const waiter = waits(queue, 'l2');
    clock.advance(lockMs - 1);
    expect(waiter.hold).toBeUndefined();
    clock.advance(1);
    const again = consume(queue, waiter.hold as SessionHold);
    expect(again.got.map((m) => [m.payload.messageId, m.deliveryCount])).toEqual([
      ['a1', 1],
      ['a2', 1],
    ]);
  });

  test('is never one that is held: what arrives for it goes to its holder', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const { consumer } = take(queue, 'a');
    const waiter = waits(queue, 'l2');
    add(queue, 'a', 'a2');
    expect(consumer.ids).toEqual(['a1', 'a2']);
    expect(waiter.hold).toBeUndefined();
  });

  test('is never one with nothing but deferred messages, which is kept all the same', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const { hold, consumer } = take(queue, 'a');
    queue.settle(tokenOf(consumer.got[0]), { kind: 'defer' });
    queue.releaseSession(hold);
    expect(waits(queue, 'l2').hold).toBeUndefined();
    expect(queue.sessions.ids()).toEqual(['a']);
  });

  test('who comes first is served first, whoever waited in vain is not', () => {
    const { clock, queue } = testQueue(withSessions);
    const [late, first, second] = [waits(queue, 'l1', 10), waits(queue, 'l2'), waits(queue, 'l3')];
    clock.advance(10);
    add(queue, 'a', 'a1');
    add(queue, 'b', 'b1');
    expect([late.hold, late.refusal?.condition]).toEqual([undefined, 'com.microsoft:timeout']);
    expect([first.hold?.session.id, second.hold?.session.id]).toEqual(['a', 'b']);
  });

  test('a session without messages can be accepted by its id, and is then not the next', () => {
    const { queue } = testQueue(withSessions);
    const { consumer } = take(queue, 'new');
    expect(waits(queue, 'l2').hold).toBeUndefined();
    add(queue, 'new', 'n1');
    expect(consumer.ids).toEqual(['n1']);
  });
});

describe('the state of a session', () => {
  test('outlives its holder and its messages, until it is cleared', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const { hold, consumer } = take(queue, 'a');
    hold.session.state = Buffer.from('1');
    queue.settle(tokenOf(consumer.got[0]), { kind: 'complete' });
    clock.advance(lockMs);
    const again = take(queue, 'a');
    expect(again.hold.session.state?.toString()).toBe('1');
    again.hold.session.state = undefined;
    queue.releaseSession(again.hold);
    expect(queue.sessions.ids()).toEqual([]);
  });

  test('is of one session only', () => {
    const { queue } = testQueue(withSessions);
    take(queue, 'a').hold.session.state = Buffer.from('1');
    expect(take(queue, 'b').hold.session.state).toBeUndefined();
  });
});

describe('a dead letter of a session', () => {
  test('leaves the session with its reason, and the messages behind it go on', () => {
    const { queue, deadLetters } = testQueue(withSessions);
    add(queue, 'a', 'a1', 'a2');
    const { consumer } = take(queue, 'a', 1);
    consumer.credit = 1;
    queue.settle(tokenOf(consumer.got[0]), {
      kind: 'dead-letter',
      reason: 'Bad',
      description: 'no such column',
    });
    expect(consumer.ids).toEqual(['a1', 'a2']);
    const [dead] = deadLetters.peek(0, 1);
    expect([dead?.payload.messageId, dead?.sequence, dead?.deadLetterSource, dead?.changes]).toEqual([
      'a1',
      1,
      'q',
      { DeadLetterReason: 'Bad', DeadLetterErrorDescription: 'no such column' },
    ]);
  });

  test('is received without its session', () => {
    const { queue, deadLetters } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    queue.settle(tokenOf(take(queue, 'a').consumer.got[0]), { kind: 'dead-letter', reason: 'Bad' });
    const receiver = new TestConsumer();
    deadLetters.attach(receiver);
    deadLetters.dispatch();
    expect(receiver.ids).toEqual(['a1']);
  });

  test('comes of abandoning at the maximum, at the very delivery that reaches it', () => {
    const { queue, deadLetters } = testQueue({ ...withSessions, maxDeliveryCount: 3 });
    add(queue, 'a', 'a1');
    const { consumer } = take(queue, 'a');
    for (const left of [0, 0, 1]) {
      queue.settle(tokenOf(consumer.got.at(-1)), { kind: 'abandon' });
      expect(deadLetters.size).toBe(left);
    }
    expect(consumer.got).toHaveLength(3);
    expect(deadLetters.peek(0, 1)[0]?.changes).toMatchObject({
      DeadLetterReason: 'MaxDeliveryCountExceeded',
    });
  });
});

describe('the time of a message of a session', () => {
  test('ends while it waits: the session is forgotten with it', () => {
    const { clock, queue } = testQueue({ ...withSessions, defaultTtlMs: 5_000 });
    add(queue, 'a', 'a1');
    clock.advance(5_000);
    expect([queue.size, queue.sessions.ids()]).toEqual([0, []]);
    expect(waits(queue, 'l1').hold).toBeUndefined();
  });

  test('does not end while it is held, and is over when the session is given back', () => {
    const { clock, queue, deadLetters } = testQueue({
      ...withSessions,
      defaultTtlMs: 5_000,
      deadLetterOnExpiration: true,
    });
    add(queue, 'a', 'a1', 'a2');
    const { hold, consumer } = take(queue, 'a');
    clock.advance(5_000);
    queue.settle(tokenOf(consumer.got[0]), { kind: 'complete' });
    queue.releaseSession(hold);
    expect(queue.size).toBe(0);
    expect(deadLetters.peek(0, 9).map((m) => [m.payload.messageId, m.changes?.['DeadLetterReason']])).toEqual(
      [['a2', 'TTLExpiredException']],
    );
  });
});

test('whatever is settled and given up, a holder gets the lowest messages that are ready, in order', () => {
  const acts = fc.array(fc.constantFrom('complete', 'abandon', 'defer', 'dead-letter', 'give up', 'expire'), {
    maxLength: 30,
  });
  fc.assert(
    fc.property(acts, fc.integer({ min: 1, max: 4 }), (list, credit) => {
      const { clock, queue } = testQueue({ ...withSessions, maxDeliveryCount: 1_000 });
      add(queue, 'a', ...Array.from({ length: 20 }, (_, n) => String(n + 1)));
      const left = new Set(Array.from({ length: 20 }, (_, n) => n + 1));
      let taken = take(queue, 'a', credit);
      for (const act of list) {
        const held = taken.consumer.got.map(({ sequence }) => sequence);
        expect(held).toEqual([...left].slice(0, credit));
        if (act === 'expire') clock.advance(lockMs);
        else if (act === 'give up' || held.length === 0) queue.releaseSession(taken.hold);
        else {
          queue.settle(tokenOf(taken.consumer.got[0]), { kind: act });
          if (act !== 'abandon') left.delete(held[0] as number);
          queue.releaseSession(taken.hold);
        }
        taken = take(queue, 'a', credit);
      }
    }),
  );
});
