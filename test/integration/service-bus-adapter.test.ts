/** What the Service Bus adapter does when the service misbehaves: faults only the stand-in can show. */
import { silentLog, type Delivery, type Log } from '@dstream/core';
import { ServiceBusTopic, type ServiceBusTopicOptions } from '@dstream/service-bus';
import { ServiceBusSubscription, type ServiceBusSubscriptionOptions } from '@dstream/service-bus-queue';
import { systemClock } from '@dstream/async';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Post } from '../support/broker.ts';
import { Consumer } from '../support/consumer.ts';
import { openMuteServer, openWay } from '../support/mute-server.ts';
import { openStandInBroker, type StandInBroker } from '../support/service-bus-broker.ts';

const never = new AbortController().signal;
/** Silence is noticed after less than two seconds. */
const impatient = { acceptTimeoutMs: 300, acceptGraceMs: 1_500 };

describe('the Service Bus adapter', () => {
  let stack: AsyncDisposableStack;
  let broker: StandInBroker;
  let post: Post;
  let warnings: string[];

  beforeEach(async () => {
    stack = new AsyncDisposableStack();
    broker = stack.use(await openStandInBroker());
    post = new Post();
    warnings = [];
  });
  afterEach(() => stack.disposeAsync());

  const log: Log = {
    ...silentLog,
    warn: (sentence) => void warnings.push(sentence),
    info: (sentence) => void warnings.push(sentence),
  };
  const address = () => ({ connectionString: broker.endpoint.connectionString });

  const elsewhere = (port: number) =>
    address().connectionString.replace(/localhost:\d+/, `localhost:${port}`);

  const topicOf = (options: Partial<ServiceBusTopicOptions> = {}) =>
    stack.use(new ServiceBusTopic({ address: address(), topic: 'changes', clock: systemClock, ...options }));

  const subscriptionOf = (options: Partial<ServiceBusSubscriptionOptions> = {}) =>
    stack.use(
      new ServiceBusSubscription({
        address: address(),
        topic: 'changes',
        subscription: 'dstream',
        sessions: true,
        clock: systemClock,
        log,
        ...options,
      }),
    );

  const consume = (options: Partial<ServiceBusSubscriptionOptions> = {}) =>
    stack.use(new Consumer(subscriptionOf(options), post));

  const name = ({ message }: Delivery) => post.name(message.messageId);

  describe('what a person must mend', () => {
    test('a topic that does not exist is known when connecting', async () => {
      const connecting = topicOf({ topic: 'absent' }).connect({ signal: never });
      await expect(connecting).rejects.toMatchObject({
        code: 'EntityNotFound',
        disposition: 'fatal',
        message: expect.stringContaining('topic absent'),
      });
    });

    test('a connection string that cannot be read is not repeated', async () => {
      const broken = { connectionString: 'SharedAccessKey=c2VjcmV0' };
      const error: unknown = await topicOf({ address: broken })
        .connect({ signal: never })
        .catch((caught: unknown) => caught);
      expect(error).toMatchObject({ code: 'ConfigInvalid', disposition: 'fatal' });
      expect(`${(error as Error).message}${String((error as Error).cause)}`).not.toContain('c2VjcmV0');
    });

    test.each([
      { subscription: 'absent', sessions: true },
      { subscription: 'absent', sessions: false },
    ])('an absent subscription ends receiving: %o', async (options) => {
      await expect(consume(options).next()).rejects.toMatchObject({ code: 'EntityNotFound' });
    });

    test('sessions asked of a subscription without them, and the reverse, end receiving', async () => {
      const asked = consume({ subscription: 'plain', sessions: true });
      await expect(asked.next()).rejects.toMatchObject({ code: 'EntityMismatch' });
      const reverse = consume({ subscription: 'dstream', sessions: false });
      await expect(reverse.next()).rejects.toMatchObject({ code: 'EntityMismatch' });
    });
  });

  describe('sending', () => {
    test('a service that cannot be reached is a transient error', async () => {
      const connectionString = address().connectionString.replace(/localhost:\d+/, 'localhost:1');
      const connecting = topicOf({ address: { connectionString } }).connect({ signal: never });
      await expect(connecting).rejects.toMatchObject({ code: 'Unreachable', disposition: 'retry' });
    });

    test('a send that gets no answer ends in time, and the next one goes over a new connection', async () => {
      const topic = topicOf({ sendTimeoutMs: 1_000 });
      await topic.connect({ signal: never });
      broker.standIn.delaySends(60_000);
      const startMs = performance.now();
      const sending = topic.send([post.message('a', 1)], { signal: never });
      await expect(sending).rejects.toMatchObject({ code: 'TimedOut', failures: [{ from: 0 }] });
      expect(performance.now() - startMs).toBeLessThan(3_000);
      broker.standIn.clear();
      await topic.send([post.message('a', 2)], { signal: never });
    });

    test('an abort ends a send that gets no answer', async () => {
      const topic = topicOf();
      await topic.connect({ signal: never });
      broker.standIn.delaySends(60_000);
      const abort = new AbortController();
      const sending = topic.send([post.message('a', 1)], { signal: abort.signal });
      const reason = new Error('the lease ran out');
      abort.abort(reason);
      await expect(sending).rejects.toBe(reason);
      broker.standIn.clear();
    });

    test('after every connection was cut sending goes on', async () => {
      const topic = topicOf({ sendTimeoutMs: 1_000 });
      await topic.send([post.message('a', 1)], { signal: never });
      expect(broker.standIn.dropConnections()).toBeGreaterThan(0);
      await expect
        .poll(() => topic.send([post.message('a', 2)], { signal: never }).then(() => 'sent', String), {
          timeout: 10_000,
        })
        .toBe('sent');
      const arrived = broker.standIn.messages(broker.address()).map(({ messageId }) => post.name(messageId));
      expect([...new Set(arrived)]).toEqual(['a-1', 'a-2']);
    });
  });

  describe('receiving', () => {
    const send = (...messages: Parameters<Post['message']>[]) =>
      topicOf().send(
        messages.map((one) => post.message(...one)),
        { signal: never },
      );

    test.each([true, false])('goes on after every connection was cut (sessions: %s)', async (sessions) => {
      const consumer = consume({ sessions, subscription: sessions ? 'dstream' : 'plain' });
      await send(['a', 1], ['a', 2]);
      const first = await consumer.next();
      await first.complete();
      await consumer.next();
      broker.standIn.dropConnections();
      await send(['a', 3]);
      const next = await consumer.next();
      // With sessions the lock went with the link; without, message 2 is still under its own lock.
      expect(name(next)).toBe(sessions ? 'a-2' : 'a-3');
    });

    test('waiting for a session that has messages is no outage', async () => {
      const consumer = consume({ acceptTimeoutMs: 300 });
      expect(await consumer.nextWithin(1_000)).toBeUndefined();
      expect(warnings).toEqual([]);
    });

    test('a service that takes connections and says nothing is an outage, and each try has a new one', async () => {
      const mute = stack.use(await openMuteServer());
      const consumer = consume({ address: { connectionString: elsewhere(mute.port) }, ...impatient });
      expect(await consumer.nextWithin(1)).toBeUndefined();
      await expect.poll(() => mute.connections, { timeout: 20_000 }).toBeGreaterThan(1);
      expect(warnings).toEqual(['receiving failed; retrying']);
    });

    test('a service that falls silent while no session has messages is an outage, until it is back', async () => {
      const way = stack.use(await openWay(broker.standIn.port));
      const consumer = consume({ address: { connectionString: elsewhere(way.port) }, ...impatient });
      expect(await consumer.nextWithin(1_000)).toBeUndefined();
      expect(warnings).toEqual([]);
      way.block();
      await expect.poll(() => warnings, { timeout: 15_000 }).toContain('receiving failed; retrying');
      way.open();
      await expect.poll(() => warnings, { timeout: 15_000 }).toContain('receiving recovered');
      await send(['b', 1]);
      expect(name(await consumer.next())).toBe('b-1');
    });

    test('an outage is said once when it begins and once when it is over', async () => {
      const consumer = consume({ acceptTimeoutMs: 500 });
      await send(['a', 1]);
      const first = await consumer.next();
      await first.complete();
      const [begins, ends] = ['receiving failed; retrying', 'receiving recovered'];
      broker.standIn.refuseConnections(60_000);
      broker.standIn.dropConnections();
      // An accept whose connection broke before it was authorized notices only at its limit.
      await expect.poll(() => warnings, { timeout: 15_000 }).toEqual([begins]);
      broker.standIn.refuseConnections(0);
      await expect.poll(() => warnings, { timeout: 10_000 }).toEqual([begins, ends]);
      await send(['a', 2]);
      expect(name(await consumer.next())).toBe('a-2');
    });

    test('a session whose receiver went silent is given back and comes again in order', async () => {
      const consumer = consume({ silenceMs: 400 });
      await send(['a', 1]);
      const first = await consumer.next();
      broker.standIn.setSilent(broker.address(), true);
      await send(['a', 2]);
      await expect.poll(() => first.lockLost.aborted, { timeout: 5_000 }).toBe(true);
      broker.standIn.setSilent(broker.address(), false);
      expect([name(await consumer.next()), name(await consumer.next())]).toEqual(['a-1', 'a-2']);
      expect(warnings).toContain('session receiver stalled; accepting the session again');
    });

    test('an idle session is not taken for a silent one', async () => {
      const consumer = consume({ silenceMs: 100 });
      await send(['a', 1]);
      const first = await consumer.next();
      expect(await consumer.nextWithin(400)).toBeUndefined();
      expect(first.lockLost.aborted).toBe(false);
      await first.complete();
    });

    test('receiving goes on over the receiver that replaces a silent one', async () => {
      const consumer = consume({ silenceMs: 100, sessions: false, subscription: 'plain' });
      await send(['a', 1]);
      await (await consumer.next()).complete();
      expect(await consumer.nextWithin(400)).toBeUndefined();
      await send(['a', 2]);
      expect(name(await consumer.next())).toBe('a-2');
    });

    test('a lock is renewed for as long as its session is held', async () => {
      const consumer = consume({ lockDurationMs: 750 });
      await send(['a', 1]);
      const first = await consumer.next();
      // One every third of the duration: by the fourth the first lock would have ended.
      await expect.poll(() => broker.standIn.counters().renewals, { timeout: 10_000 }).toBeGreaterThan(3);
      expect(first.lockLost.aborted).toBe(false);
      await first.complete();
      expect(warnings.filter((one) => one.includes('lock_duration'))).toHaveLength(1);
    });

    test('a settlement that gets no answer loses the lock instead of waiting a minute', async () => {
      const consumer = consume({ answerMs: 600 });
      await send(['a', 1]);
      const first = await consumer.next();
      broker.standIn.delaySettlements(60_000);
      await expect(first.complete()).rejects.toMatchObject({ code: 'LockLost' });
      broker.standIn.clear();
    });

    test('a message whose settlement is refused comes again, and no delivery is counted', async () => {
      const consumer = consume();
      await send(['a', 1], ['a', 2]);
      const first = await consumer.next();
      broker.standIn.refuseSettlements(1);
      await expect(first.complete()).rejects.toMatchObject({ code: 'LockLost' });
      const again = await consumer.next();
      expect([name(again), again.deliveryCount]).toEqual(['a-1', 0]);
    });
  });

  test('what was disposed leaves no connection and no timer behind, though an accept was waiting', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((one) => one === 'Timeout').length;
    const before = timers();
    const [topic, subscription] = [topicOf(), subscriptionOf()];
    const consumer = new Consumer(subscription, post);
    await topic.send([post.message('a', 1)], { signal: never });
    await (await consumer.next()).complete();
    expect(await consumer.nextWithin(200)).toBeUndefined();
    await consumer.stop();
    const startMs = performance.now();
    await Promise.all([topic[Symbol.asyncDispose](), subscription[Symbol.asyncDispose]()]);
    // Long before the accept would have ended by itself, after five seconds.
    expect(performance.now() - startMs).toBeLessThan(4_000);
    await expect.poll(() => broker.standIn.counters().openConnections, { timeout: 5_000 }).toBe(0);
    await expect.poll(timers, { timeout: 5_000 }).toBeLessThanOrEqual(before + 1);
  });

  test('disposal gives a session back over a connection that works, also when it comes by an accept left behind', async () => {
    const said: string[] = [];
    const listening = { ...log, debug: (sentence: string) => void said.push(sentence) };
    const subscription = subscriptionOf({ log: listening });
    const consumer = new Consumer(subscription, post);
    await topicOf().send(post.messages('a', 1, 3), { signal: never });
    await consumer.next();
    await consumer.stop();
    await subscription[Symbol.asyncDispose]();
    expect(said).toEqual([]);
    const again = await consume().take(3);
    expect(again.map((delivery) => [name(delivery), delivery.deliveryCount])).toEqual([
      ['a-1', 0],
      ['a-2', 0],
      ['a-3', 0],
    ]);
  });
});
