import { getEventListeners } from 'node:events';
import { BatchError, DStreamError, type Delivery, type OutgoingMessage, type Position } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Post } from '../../../../test/support/broker.ts';
import { Consumer } from '../../../../test/support/consumer.ts';
import { DirectQueue } from './direct-queue.ts';
import { DirectSubscription } from './direct-subscription.ts';
import { DirectTopic } from './direct-topic.ts';

const never = new AbortController().signal;

let queue: DirectQueue;
let topic: DirectTopic;
let post: Post;
let stack: AsyncDisposableStack;

beforeEach(() => {
  stack = new AsyncDisposableStack();
  queue = new DirectQueue({ clock: new ManualClock() });
  post = new Post();
  topic = stack.use(new DirectTopic(queue));
});
afterEach(() => stack.disposeAsync());

const subscribe = () => stack.use(new DirectSubscription(queue));
const consume = (subscription = subscribe()) => stack.use(new Consumer(subscription, post));

/** A send that is under way, and how it ended. */
function start(
  messages: readonly OutgoingMessage[],
  o: { signal?: AbortSignal; mayStart?: () => void } = {},
) {
  const seen: { ended?: unknown } = {};
  const done = topic.send(messages, { signal: never, ...o }).then(
    () => (seen.ended = 'accepted'),
    (error: unknown) => (seen.ended = error),
  );
  return { seen, done };
}

/** Sends while `consumer` receives, and gives what is handed out. */
async function sent(
  consumer: Consumer,
  messages: readonly OutgoingMessage[],
  o?: Parameters<typeof start>[1],
) {
  const taking = consumer.take(messages.length);
  const sending = start(messages, o);
  return { ...sending, deliveries: await taking };
}

const names = (deliveries: readonly Delivery[]) =>
  deliveries.map(({ message }) => post.name(message.messageId));

function failuresOf(error: unknown): Record<string, [from: number, code: string]> {
  expect(error).toBeInstanceOf(BatchError);
  const { failures } = error as BatchError;
  return Object.fromEntries(failures.map(({ key, from, error: { code } }) => [post.name(key), [from, code]]));
}

describe('a send', () => {
  test('is accepted when the last of its messages is completed, not before', async () => {
    const { seen, done, deliveries } = await sent(consume(), [
      ...post.messages('a', 1, 2),
      post.message('b', 1),
    ]);
    for (const delivery of deliveries) {
      await Promise.resolve();
      expect(seen.ended).toBeUndefined();
      await delivery.complete();
    }
    expect(await done).toBe('accepted');
  });

  test('waits while its session is released unsettled, and is handed out again', async () => {
    const consumer = consume();
    const { seen, done, deliveries } = await sent(consumer, post.messages('a', 1, 2));
    await deliveries[0]?.complete();
    await deliveries[0]?.session?.close();
    const [again] = await consumer.take(1);
    expect(names([again as Delivery])).toEqual(['a-2']);
    expect(seen.ended).toBeUndefined();
    await again?.complete();
    expect(await done).toBe('accepted');
  });

  test('does not set what its messages follow: nothing can be missing', async () => {
    const message = { ...post.message('a', 1), properties: { follows: '1/2', changes: 1 } };
    const { deliveries } = await sent(consume(), [message]);
    expect(deliveries[0]?.message.properties).toEqual({ changes: 1 });
  });

  test('settles a message once: a second time rejects and completes no other', async () => {
    const { done, deliveries } = await sent(consume(), post.messages('a', 1, 2));
    await deliveries[0]?.complete();
    await expect(deliveries[0]?.complete()).rejects.toThrow('a-1 has already been settled');
    await deliveries[1]?.complete();
    await done;
  });

  test('leaves no listener', async () => {
    const [sending, receiving] = [new AbortController().signal, new AbortController().signal];
    const deliveries = subscribe().receive({ signal: receiving, maxInFlight: 1, maxBytes: 1_000_000 });
    const iterator = deliveries[Symbol.asyncIterator]();
    const asked = iterator.next();
    const { done } = start([post.message('a', 1)], { signal: sending });
    await (await asked).value.complete();
    await done;
    await iterator.return?.();
    expect([getEventListeners(sending, 'abort'), getEventListeners(receiving, 'abort')]).toEqual([[], []]);
  });
});

describe('a dead letter', () => {
  test('goes back to its sender with all messages after it; what was completed and other sessions are not', async () => {
    const messages = [...post.messages('a', 1, 3), ...post.messages('b', 1, 1)];
    const { done, deliveries } = await sent(consume(), messages);
    const byName = new Map(deliveries.map((delivery) => [names([delivery])[0], delivery]));
    await byName.get('a-1')?.complete();
    const refused = byName.get('a-2')?.deadLetter('NotDelivered', 'change 0: out of range', {});
    await expect(refused).rejects.toMatchObject({ code: 'LockLost', message: /change 0: out of range/ });
    await expect(byName.get('a-3')?.complete()).rejects.toMatchObject({ code: 'LockLost' });
    await byName.get('b-1')?.complete();
    const error = await done;
    expect(failuresOf(error)).toEqual({ a: [1, 'Rejected'] });
    expect((error as Error).message).toBe(
      `message ${post.session('a')}-2: NotDelivered: change 0: out of range`,
    );
  });

  test('sent again comes in its place, before what is sent later', async () => {
    const consumer = consume();
    const { done, deliveries } = await sent(consumer, post.messages('a', 1, 2));
    await expect(deliveries[0]?.deadLetter('NotDelivered', '', {})).rejects.toThrow('NotDelivered');
    expect(failuresOf(await done)).toEqual({ a: [0, 'Rejected'] });
    const again = await sent(consumer, post.messages('a', 1, 3));
    expect(names(again.deliveries)).toEqual(['a-1', 'a-2', 'a-3']);
  });

  test('refuses a later send of its session, too, but not as the culprit', async () => {
    const consumer = consume();
    const { done, deliveries } = await sent(consumer, [post.message('a', 1)]);
    const later = start(post.messages('a', 2, 3));
    await expect(deliveries[0]?.deadLetter('NotDelivered', '', {})).rejects.toThrow('NotDelivered');
    expect(failuresOf(await done)).toEqual({ a: [0, 'Rejected'] });
    expect(failuresOf(await later.done)).toEqual({ a: [0, 'Transient'] });
  });
});

describe('a sender that stops', () => {
  test('takes back what is handed out and what is not: the hold is lost, and the next send comes', async () => {
    const consumer = consume();
    const stop = new AbortController();
    const { done, deliveries } = await sent(consumer, post.messages('a', 1, 2), { signal: stop.signal });
    const reason = new DStreamError('LeaseLost', 'the lease ran out');
    stop.abort(reason);
    expect(await done).toBe(reason);
    expect(deliveries[0]?.lockLost.aborted).toBe(true);
    await expect(deliveries[0]?.complete()).rejects.toMatchObject({ code: 'LockLost' });
    expect(names((await sent(consumer, [post.message('a', 3)])).deliveries)).toEqual(['a-3']);
  });

  test('by its lease is asked before anything is published, and ends the hold', async () => {
    let lost = false;
    const mayStart = () => {
      if (lost) throw new DStreamError('LeaseLost', 'the lease ran out');
    };
    const { done, deliveries } = await sent(consume(), post.messages('a', 1, 2), { mayStart });
    const [first] = deliveries;
    first?.session?.assertHeld();
    lost = true;
    expect(() => first?.session?.assertHeld()).toThrow('withdrawn by its sender: the lease ran out');
    expect(failuresOf(await done)).toEqual({ a: [0, 'LeaseLost'] });
    expect(first?.lockLost.aborted).toBe(true);
  });

  test('keeps what is handed out: if that is refused later, it is named', async () => {
    let asked = 0;
    const mayStart = () => {
      asked += 1;
      if (asked > 1) throw new DStreamError('LeaseLost', 'the lease ran out');
    };
    const consumer = consume();
    const first = consumer.next();
    const { seen, done } = start(post.messages('a', 1, 3), { mayStart });
    const delivery = await first;
    expect(await consumer.nextWithin(1)).toBeUndefined();
    expect(seen.ended).toBeUndefined();
    await expect(delivery.deadLetter('NotDelivered', '', {})).rejects.toMatchObject({ code: 'LockLost' });
    expect(failuresOf(await done)).toEqual({ a: [0, 'Rejected'] });
  });

  test('does not hold up another session', async () => {
    const mayStart = () => {
      throw new DStreamError('LeaseLost', 'the lease ran out');
    };
    const consumer = consume();
    const taking = consumer.take(1);
    const [a, b] = [start([post.message('a', 1)], { mayStart }), start([post.message('b', 1)])];
    const [delivery] = await taking;
    await delivery?.complete();
    expect(failuresOf(await a.done)).toEqual({ a: [0, 'LeaseLost'] });
    expect(await b.done).toBe('accepted');
  });

  test('by the disposal of its topic stops as by an abort', async () => {
    const { done, deliveries } = await sent(consume(), [post.message('a', 1)]);
    await topic[Symbol.asyncDispose]();
    expect(await done).toMatchObject({ message: 'the direct topic was disposed' });
    expect(deliveries[0]?.lockLost.aborted).toBe(true);
  });
});

describe('where nobody receives', () => {
  test('a send is refused, for a transient reason', async () => {
    const { done } = start([post.message('a', 1), post.message('b', 1), post.message('a', 2)]);
    const error = await done;
    expect(failuresOf(error)).toEqual({ a: [0, 'Unreachable'], b: [1, 'Unreachable'] });
    expect(error).toMatchObject({ disposition: 'retry', message: /^nobody receives from the direct queue/ });
  });

  test('connecting waits until somebody does', async () => {
    let connected = false;
    const connecting = topic.connect({ signal: never }).then(() => (connected = true));
    start([post.message('b', 1)]);
    await Promise.resolve();
    expect(connected).toBe(false);
    const consumer = consume();
    const first = consumer.next();
    await connecting;
    await consumer.stop();
    await expect(first).rejects.toThrow('over');
  });

  test('connecting ends by an abort', async () => {
    const stop = new AbortController();
    const connecting = topic.connect({ signal: stop.signal });
    stop.abort(new Error('stopping'));
    await expect(connecting).rejects.toThrow('stopping');
  });

  test('what is held when receiving ends can still be completed; the rest is refused when its session is closed', async () => {
    const consumer = consume();
    const { seen, done, deliveries } = await sent(consumer, post.messages('a', 1, 3));
    await consumer.stop();
    await deliveries[0]?.complete();
    expect(seen.ended).toBeUndefined();
    await deliveries[1]?.session?.close();
    expect(failuresOf(await done)).toEqual({ a: [1, 'Unreachable'] });
  });

  test('a session that nobody holds is refused at once when receiving ends', async () => {
    const consumer = stack.use(
      new Consumer(stack.use(new DirectSubscription(queue, { maxSessions: 1 })), post),
    );
    const taking = consumer.take(1);
    const [held, waiting] = [start([post.message('a', 1)]), start([post.message('b', 1)])];
    const [delivery] = await taking;
    await consumer.stop();
    expect(failuresOf(await waiting.done)).toEqual({ b: [0, 'Unreachable'] });
    await delivery?.complete();
    expect(await held.done).toBe('accepted');
  });

  test('because the subscription was disposed, every send is refused', async () => {
    const subscription = subscribe();
    const { done, deliveries } = await sent(consume(subscription), post.messages('a', 1, 2));
    await subscription[Symbol.asyncDispose]();
    expect(failuresOf(await done)).toEqual({ a: [0, 'Unreachable'] });
    expect(deliveries[0]?.lockLost.reason).toMatchObject({ message: 'the direct subscription was disposed' });
  });
});

describe('a subscription', () => {
  test('receives alone', async () => {
    const first = consume();
    const asked = first.nextWithin(1);
    await expect(consume().next()).rejects.toThrow('receive is already running');
    await asked;
  });

  test('finds the progress that another has saved', async () => {
    const progress = { generation: 7, position: '0005' as Position };
    const { deliveries } = await sent(consume(), [post.message('a', 1)]);
    await deliveries[0]?.session?.save(progress);
    await stack.disposeAsync();
    stack = new AsyncDisposableStack();
    topic = stack.use(new DirectTopic(queue));
    const { deliveries: again } = await sent(consume(), [post.message('a', 1)]);
    expect(await again[0]?.session?.load()).toEqual(progress);
  });
});
