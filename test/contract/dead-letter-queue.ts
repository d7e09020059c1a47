/** What every dead-letter queue promises (libs/core/src/dead-letter-queue.ts). */
import { replayMessage, type DeadLetter, type DeadLetterQueue } from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Broker, SubscriptionWish } from '../support/broker.ts';
import { SubscriptionRig } from '../support/subscription-rig.ts';
import { until } from '../support/until.ts';

const { signal } = new AbortController();

/** Every dead letter of the test, by name, oldest first. */
async function browsed(
  { post }: SubscriptionRig,
  queue: DeadLetterQueue,
  from?: string,
): Promise<DeadLetter[]> {
  const found: DeadLetter[] = [];
  for await (const dead of queue.browse({ signal, ...(from !== undefined && { from }) }))
    if (post.owns(dead.message)) found.push(dead);
  return found;
}

const numbersOf = (dead: readonly DeadLetter[]) => dead.map(({ message }) => message.sequenceNumber);

export function deadLetterQueueContract(
  name: string,
  open: () => Promise<Broker>,
  wish: SubscriptionWish,
): void {
  describe(`dead-letter queue: ${name}, ${wish.sessions === false ? 'without' : 'with'} sessions`, () => {
    let rig: SubscriptionRig;

    beforeEach(async () => {
      rig = await SubscriptionRig.open(open);
    });
    afterEach(() => rig[Symbol.asyncDispose]());

    const openQueue = (): DeadLetterQueue => {
      const opened = rig.broker.deadLetterQueue?.(wish);
      if (opened === undefined) throw new Error('the broker has no dead-letter queue');
      return rig.use(opened);
    };

    /** Sends messages 1 to `count` and dead-letters them. Resolves with their sequence numbers. */
    async function deadLetters(queue: DeadLetterQueue, count: number): Promise<string[]> {
      const consumer = rig.consume(wish);
      await rig.send(rig.post.messages('a', 1, count));
      const deliveries = await consumer.take(count);
      for (const [index, delivery] of deliveries.entries())
        await delivery.deadLetter('NotDelivered', `change 0: reason ${index + 1}`, {
          'failed.bus': '0',
          reasons: '[]',
        });
      await deliveries[0]?.session?.close();
      await consumer.stop();
      let found: readonly DeadLetter[] = [];
      await until(
        async () => (found = await browsed(rig, queue)).length === count,
        () => `${count} messages are in the dead-letter queue`,
      );
      return numbersOf(found);
    }

    async function lockedNames(queue: DeadLetterQueue, numbers: readonly string[]): Promise<string[]> {
      const names: string[] = [];
      for await (const { message } of queue.lock(numbers, { signal }))
        names.push(rig.post.name(message.messageId));
      return names;
    }

    test('browsing shows what was dead-lettered, oldest first, as often as one looks', async () => {
      const queue = openQueue();
      await deadLetters(queue, 3);
      for (let look = 0; look < 2; look += 1) {
        const found = await browsed(rig, queue);
        expect(found.map(({ message }) => rig.post.name(message.messageId))).toEqual(['a-1', 'a-2', 'a-3']);
        expect(found[1]).toMatchObject({
          reason: 'NotDelivered',
          description: 'change 0: reason 2',
          message: {
            subject: 'dbo.Persons',
            sessionId: rig.post.session('a'),
            properties: { schema: 'dbo', changes: 1, 'failed.bus': '0', reasons: '[]' },
          },
        });
        expect(Buffer.from(found[1]?.message.body ?? []).toString()).toBe('{"n":2}');
      }
    });

    test('browsing begins with the number that is asked for', async () => {
      const queue = openQueue();
      const [, second, third] = await deadLetters(queue, 3);
      expect(numbersOf(await browsed(rig, queue, second))).toEqual([second, third]);
    });

    test('what is completed under its lock is gone, and only that', async () => {
      const queue = openQueue();
      const [first, second, third] = await deadLetters(queue, 3);
      const locked: string[] = [];
      for await (const dead of queue.lock([third ?? '', first ?? ''], { signal })) {
        locked.push(dead.message.sequenceNumber);
        await dead.complete();
      }
      expect(locked).toEqual([first, third]);
      expect(numbersOf(await browsed(rig, queue))).toEqual([second]);
    });

    test('what is not completed can be locked again, by anybody', async () => {
      const queue = openQueue();
      const numbers = await deadLetters(queue, 2);
      expect(await lockedNames(queue, numbers.slice(1))).toEqual(['a-2']);
      expect(await lockedNames(openQueue(), numbers)).toEqual(['a-1', 'a-2']);
    });

    test('what somebody else has locked is seen, and not handed out', async () => {
      const queue = openQueue();
      const numbers = await deadLetters(queue, 2);
      for await (const dead of queue.lock(numbers.slice(0, 1), { signal })) {
        const other = openQueue();
        expect(await lockedNames(other, numbers)).not.toContain('a-1');
        expect(numbersOf(await browsed(rig, other))).toEqual(numbers);
        await dead.complete();
      }
      expect(numbersOf(await browsed(rig, queue))).toEqual(numbers.slice(1));
    });

    test('a number that is gone ends the iteration', async () => {
      const queue = openQueue();
      const [only = ''] = await deadLetters(queue, 1);
      for await (const dead of queue.lock([only], { signal })) await dead.complete();
      expect(await lockedNames(queue, [only])).toEqual([]);
    });

    test('what is replayed arrives in its session, as it was', async () => {
      const queue = openQueue();
      await deadLetters(queue, 1);
      const [dead] = await browsed(rig, queue);
      if (dead === undefined) throw new Error('the dead letter is gone');
      await queue.send(
        replayMessage(dead, { subscription: 'dstream', reroute: false, hash: (text) => text }),
        { signal },
      );
      const { message } = await rig.consume(wish).next();
      expect(message).toMatchObject({
        messageId: `${dead.message.messageId}:r1`,
        sessionId: rig.post.session('a'),
        subject: 'dbo.Persons',
        properties: {
          schema: 'dbo',
          'replay-for': 'dstream',
          'replay-outputs': '{"bus":"0"}',
          'replay-count': 1,
        },
      });
      expect(Buffer.from(message.body).toString()).toBe('{"n":1}');
      expect(Object.keys(message.properties)).not.toContain('failed.bus');
    });
  });
}
