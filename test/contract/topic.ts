/** What every Topic promises (libs/core/src/topic.ts). */
import {
  BatchError,
  DStreamError,
  type IncomingMessage,
  type OutgoingMessage,
  type Topic,
} from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Post, type Broker } from '../support/broker.ts';
import { Consumer } from '../support/consumer.ts';
import { until } from '../support/until.ts';

const never = new AbortController().signal;

export function topicContract(name: string, open: () => Promise<Broker>): void {
  describe(`topic: ${name}`, () => {
    let broker: Broker;
    let topic: Topic;
    let post: Post;
    /** What has come, and was completed at once: a topic may answer only when its messages are settled. */
    let came: IncomingMessage[];
    let close: () => Promise<void>;

    beforeEach(async () => {
      const stack = new AsyncDisposableStack();
      broker = stack.use(await open());
      post = new Post();
      came = [];
      const consumer = new Consumer(stack.use(broker.subscription()), post);
      topic = stack.use(broker.topic());
      const over = new AbortController();
      const completing = completeAll(consumer, over.signal);
      close = async () => {
        over.abort();
        await consumer.stop();
        await completing;
        await stack.disposeAsync();
      };
      await topic.connect({ signal: never });
    });
    afterEach(() => close());

    async function completeAll(consumer: Consumer, over: AbortSignal): Promise<void> {
      try {
        while (!over.aborted) {
          const delivery = await consumer.next();
          came.push(delivery.message);
          await delivery.complete();
        }
      } catch (error) {
        if (!over.aborted) throw error;
      }
    }

    const send = (messages: readonly OutgoingMessage[]) => topic.send(messages, { signal: never });

    /** The names of what has come by session, in the order of arrival, when there are so many. */
    async function arrived(count: number): Promise<Record<string, string[]>> {
      await until(
        () => came.length >= count,
        () => `${count} messages came; there are ${came.length}`,
      );
      const names: Record<string, string[]> = {};
      for (const { sessionId, messageId } of came)
        (names[post.name(`${sessionId}`)] ??= []).push(post.name(messageId));
      return names;
    }

    test('connecting, and again, sends nothing; an abort rejects with its reason', async () => {
      await topic.connect({ signal: never });
      await topic.connect({ signal: never });
      const enough = new Error('enough');
      await expect(topic.connect({ signal: AbortSignal.abort(enough) })).rejects.toBe(enough);
      await send([post.message('a', 1)]);
      expect(await arrived(1)).toEqual({ a: ['a-1'] });
    });

    test('a message arrives as it was sent', async () => {
      const body = `{"data":{"Name":"Łukasz 🙂 \u0000","Big":9007199254740993},"metadata":{}}`;
      const sent = post.message('a', 1, body);
      await send([{ ...sent, properties: { text: 'Å', number: 7, yes: true } }]);
      await arrived(1);
      expect(Buffer.from(came[0]?.body ?? []).toString('utf8')).toBe(body);
      expect(came[0]).toMatchObject({
        messageId: sent.messageId,
        sessionId: sent.sessionId,
        subject: 'dbo.Persons',
        contentType: 'application/json',
        properties: { text: 'Å', number: 7, yes: true },
      });
    });

    test('sending nothing is done at once', async () => {
      await expect(send([])).resolves.toBeUndefined();
    });

    test('ids of 128 characters are taken', async () => {
      const sessionId = post.session('a').padEnd(128, 'x');
      const messageId = post.session('m').padEnd(128, 'y');
      await send([{ ...post.message('a', 1), sessionId, messageId }]);
      await arrived(1);
      expect(came).toMatchObject([{ sessionId, messageId }]);
    });

    test('messages of one session arrive in the order sent, those of mixed sessions too', async () => {
      const [a, b] = [post.messages('a', 1, 30), post.messages('b', 1, 30)];
      await send(a.flatMap((message, i) => [message, b[i] ?? message]));
      expect(await arrived(60)).toEqual({
        a: a.map(({ messageId }) => post.name(messageId)),
        b: b.map(({ messageId }) => post.name(messageId)),
      });
    });

    test('more than fits into one transfer arrives whole and in order', async () => {
      const body = JSON.stringify({ text: 'x'.repeat(20_000) });
      const messages = Array.from({ length: 40 }, (_, i) => post.message('a', i, body));
      await send(messages);
      expect(await arrived(40)).toEqual({ a: messages.map(({ messageId }) => post.name(messageId)) });
    });

    test('sends of one session that are started together arrive one after the other', async () => {
      await Promise.all([
        send(post.messages('a', 1, 10)),
        send(post.messages('a', 11, 12)),
        send([post.message('a', 13)]),
      ]);
      const expected = post.messages('a', 1, 13).map(({ messageId }) => post.name(messageId));
      expect(await arrived(13)).toEqual({ a: expected });
    });

    test('a message that is too large stops its session there, and no other', async ({ skip }) => {
      if (broker.anySize) skip('no message is too large here');
      const huge = post.message('a', 2, JSON.stringify('x'.repeat(2_000_000)));
      const messages = [post.message('a', 1), huge, post.message('b', 1), post.message('a', 3)];
      const error = await send(messages).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BatchError);
      const [failure, ...others] = (error as BatchError).failures;
      expect(failure).toMatchObject({ key: post.session('a'), from: 1, error: { code: 'MessageTooLarge' } });
      expect(failure?.error.message).toContain(huge.messageId);
      expect(failure?.error.message).toContain(String(huge.bodyBytes));
      expect(others).toEqual([]);
      expect(await arrived(2)).toEqual({ a: ['a-1'], b: ['b-1'] });
    });

    test('connecting rejects with the reason of an abort', async () => {
      const reason = new Error('stopping');
      await expect(topic.connect({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });

    test('an abort before the start sends nothing and rejects with its reason', async () => {
      const reason = new Error('the lease ran out');
      const sending = topic.send([post.message('a', 1)], { signal: AbortSignal.abort(reason) });
      await expect(sending).rejects.toBe(reason);
      await send([post.message('a', 2)]);
      expect(await arrived(1)).toEqual({ a: ['a-2'] });
    });

    test('a large send ends where it may not start any more: what was sent before arrived, the rest is named', async () => {
      const body = JSON.stringify({ text: 'x'.repeat(20_000) });
      const messages = Array.from({ length: 80 }, (_, i) => post.message('a', i, body));
      const lost = new DStreamError('LeaseLost', 'the lease ran out');
      let asked = 0;
      const mayStart = () => {
        asked += 1;
        if (asked > 1) throw lost;
      };
      const error = await topic.send(messages, { signal: never, mayStart }).catch((e: unknown) => e);
      expect(error).toMatchObject({
        code: 'LeaseLost',
        disposition: 'lost',
        failures: [{ key: post.session('a') }],
      });
      const [failure] = (error as BatchError).failures;
      expect(failure?.error).toBe(lost);
      expect(asked).toBe(2);
      const from = failure?.from ?? 0;
      await send([post.message('b', 1)]);
      const first = messages.slice(0, from).map(({ messageId }) => post.name(messageId));
      expect(first).not.toHaveLength(0);
      expect(first).not.toHaveLength(messages.length);
      expect(await arrived(from + 1)).toEqual({ a: first, b: ['b-1'] });
    });

    test('what may not start of one session keeps no other from starting', async () => {
      const mayStart = () => {
        throw new DStreamError('LeaseLost', 'the lease ran out');
      };
      const [a, b] = [
        topic.send(post.messages('a', 1, 3), { signal: never, mayStart }),
        send(post.messages('b', 1, 3)),
      ];
      await expect(a).rejects.toMatchObject({ code: 'LeaseLost', failures: [{ from: 0 }] });
      await b;
      expect(await arrived(3)).toEqual({ b: ['b-1', 'b-2', 'b-3'] });
    });

    test('what was refused is a suffix, and sending it again completes the order', async ({ skip }) => {
      const faults = broker.faults ?? skip('nothing can be injected here');
      await send([post.message('b', 0)]);
      faults.refuseSends(1);
      const messages = [...post.messages('a', 1, 5), ...post.messages('b', 1, 2)];
      const error = await send(messages).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(BatchError);
      const { failures } = error as BatchError;
      expect(failures.map(({ error: one }) => one.disposition)).toEqual(['retry']);
      const refused = messages.filter((message, index) =>
        failures.some(({ key, from }) => key === message.sessionId && index >= from),
      );
      await send(refused);
      expect(await arrived(8)).toEqual({
        a: ['a-1', 'a-2', 'a-3', 'a-4', 'a-5'],
        b: ['b-0', 'b-1', 'b-2'],
      });
    });

    test('what waited behind a refused send of its session is refused with it', async ({ skip }) => {
      const faults = broker.faults ?? skip('nothing can be injected here');
      await send([post.message('a', 0)]);
      faults.refuseSends(1);
      const outcomes = await Promise.allSettled([send([post.message('a', 1)]), send([post.message('a', 2)])]);
      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      await send(post.messages('a', 1, 2));
      expect(await arrived(3)).toEqual({ a: ['a-0', 'a-1', 'a-2'] });
    });
  });
}
