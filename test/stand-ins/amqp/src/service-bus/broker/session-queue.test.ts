import { describe, expect, test } from 'vitest';
import type { MessageQueue } from './message-queue.ts';
import { payload, testQueue, TestConsumer, TestHolder, TestWaiter, tokenOf } from './test-broker.ts';
import type { SessionHold } from './session.ts';

const withSessions = { requiresSession: true, lockDurationMs: 30_000 };

function add(queue: MessageQueue, sessionId: string, ...ids: string[]): void {
  for (const id of ids) queue.add(payload(id, { sessionId }));
}

function consume(queue: MessageQueue, hold: SessionHold, credit = Infinity): TestConsumer {
  const consumer = new TestConsumer(credit);
  hold.consumer = consumer;
  queue.dispatchSession(hold.session);
  return consumer;
}

describe('accepting by id', () => {
  test('only the messages of that session come, in order', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1', 'a2');
    add(queue, 'b', 'b1');
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    const consumer = consume(queue, hold);
    add(queue, 'a', 'a3');
    expect(consumer.ids).toEqual(['a1', 'a2', 'a3']);
  });

  test('a session is held by one link at a time', () => {
    const { queue } = testQueue(withSessions);
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    expect(() => queue.acceptSession('a', new TestHolder('l2'))).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:session-cannot-be-locked' }),
    );
    queue.releaseSession(hold);
    expect(queue.acceptSession('a', new TestHolder('l2')).holder.name).toBe('l2');
  });

  test('sessions that hold nothing are forgotten', () => {
    const { queue } = testQueue(withSessions);
    for (let i = 0; i < 100; i += 1) queue.releaseSession(queue.acceptSession(`s${i}`, new TestHolder('l')));
    expect(queue.sessions.size).toBe(0);
  });
});

describe('accepting the next', () => {
  test('a session with messages that nobody holds is given at once', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    add(queue, 'b', 'b1');
    const [first, second] = [new TestWaiter('l1'), new TestWaiter('l2')];
    queue.acceptNextSession(first, 1000);
    queue.acceptNextSession(second, 1000);
    expect([first.hold?.session.id, second.hold?.session.id]).toEqual(['a', 'b']);
  });

  test('who waits longest gets the session whose message arrives', () => {
    const { queue } = testQueue(withSessions);
    const [first, second] = [new TestWaiter('l1'), new TestWaiter('l2')];
    queue.acceptNextSession(first, 1000);
    queue.acceptNextSession(second, 1000);
    add(queue, 'a', 'a1', 'a2');
    expect([first.hold?.session.id, second.hold]).toEqual(['a', undefined]);
  });

  test('a session given back with messages goes to who waits', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    consume(queue, hold);
    const waiter = new TestWaiter('l2');
    queue.acceptNextSession(waiter, 1000);
    expect(waiter.hold).toBeUndefined();
    queue.releaseSession(hold);
    expect(waiter.hold?.session.id).toBe('a');
  });

  test('waiting ends with a timeout', () => {
    const { clock, queue } = testQueue(withSessions);
    const waiter = new TestWaiter('l1');
    queue.acceptNextSession(waiter, 1000);
    clock.advance(1000);
    expect(waiter.refusal?.condition).toBe('com.microsoft:timeout');
    add(queue, 'a', 'a1');
    expect(waiter.hold).toBeUndefined();
  });

  test('who withdrew gets nothing', () => {
    const { clock, queue } = testQueue(withSessions);
    const waiter = new TestWaiter('l1');
    queue.acceptNextSession(waiter, 1000)();
    add(queue, 'a', 'a1');
    clock.advance(1000);
    expect([waiter.hold, waiter.refusal]).toEqual([undefined, undefined]);
  });

  test('a session that has only a state is not the next', () => {
    const { queue } = testQueue(withSessions);
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    hold.session.state = Buffer.from('x');
    queue.releaseSession(hold);
    const waiter = new TestWaiter('l2');
    queue.acceptNextSession(waiter, 1000);
    expect(waiter.hold).toBeUndefined();
    expect(queue.sessions.find('a')?.state?.toString()).toBe('x');
  });
});

describe('giving a session up', () => {
  test('closing gives the unsettled messages back in order and counts nothing', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1', 'a2', 'a3', 'a4');
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    const consumer = consume(queue, hold, 3);
    queue.settle(tokenOf(consumer.got[1]), { kind: 'complete' });
    queue.releaseSession(hold);
    const again = consume(queue, queue.acceptSession('a', new TestHolder('l2')));
    expect(again.got.map((m) => [m.payload.messageId, m.deliveryCount])).toEqual([
      ['a1', 0],
      ['a3', 0],
      ['a4', 0],
    ]);
  });

  test('a lock that runs out counts a delivery, tells the holder and refuses its settlements', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const holder = new TestHolder('l1');
    const consumer = consume(queue, queue.acceptSession('a', holder));
    const token = tokenOf(consumer.got[0]);
    clock.advance(30_000);
    expect(holder.lost).toBe(1);
    expect(() => queue.settle(token, { kind: 'complete' })).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:message-lock-lost' }),
    );
    expect(queue.peek(0, 1)[0]?.deliveryCount).toBe(1);
  });

  test('expired locks of the session end in the dead letters at the maximum', () => {
    const { clock, queue, deadLetters } = testQueue({ ...withSessions, maxDeliveryCount: 2 });
    add(queue, 'a', 'a1');
    for (let i = 0; i < 2; i += 1) {
      consume(queue, queue.acceptSession('a', new TestHolder('l1')));
      clock.advance(30_000);
    }
    expect([queue.size, deadLetters.size, queue.sessions.size]).toEqual([0, 1, 0]);
  });

  test('a renewed session keeps its messages however long they take', () => {
    const { clock, queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    const consumer = consume(queue, hold);
    for (let i = 0; i < 10; i += 1) {
      clock.advance(20_000);
      queue.sessions.renew(queue.sessions.holdOf('a', 'l1'));
    }
    queue.settle(tokenOf(consumer.got[0]), { kind: 'complete' });
    expect(queue.size).toBe(0);
  });

  test('only the link that holds a session may renew it', () => {
    const { queue } = testQueue(withSessions);
    queue.acceptSession('a', new TestHolder('l1'));
    expect(() => queue.sessions.holdOf('a', 'l2')).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:session-lock-lost' }),
    );
    expect(() => queue.sessions.holdOf('b', undefined)).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:session-lock-lost' }),
    );
  });

  test('an abandoned message comes again before the rest of its session', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1', 'a2');
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    const consumer = consume(queue, hold, 1);
    const token = tokenOf(consumer.got[0]);
    consumer.refill(2);
    queue.settle(token, { kind: 'abandon' });
    expect(consumer.ids).toEqual(['a1', 'a2']);
  });

  test('a deferred message of a session is received under its lock', () => {
    const { queue } = testQueue(withSessions);
    add(queue, 'a', 'a1');
    const hold = queue.acceptSession('a', new TestHolder('l1'));
    const consumer = consume(queue, hold);
    queue.settle(tokenOf(consumer.got[0]), { kind: 'defer' });
    queue.releaseSession(hold);
    expect(() => queue.receiveDeferred([1], 'peek-lock', 'a')).toThrow(
      expect.objectContaining({ condition: 'com.microsoft:session-lock-lost' }),
    );
    queue.acceptSession('a', new TestHolder('l2'));
    const [deferred] = queue.receiveDeferred([1], 'peek-lock', 'a');
    queue.settle(tokenOf(deferred), { kind: 'complete' });
    expect(queue.size).toBe(0);
  });
});
