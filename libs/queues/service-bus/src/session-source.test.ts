import { silentLog } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { AcceptingClient } from './session-acceptor.ts';
import type { SessionReceiverPort } from './receiver.ts';
import { ServiceBusSubscription } from './service-bus-subscription.ts';

const acceptMs = 5_000;
/** With the grace of an accept. */
const limitMs = acceptMs + 10_000;
const silence = () => new Promise<never>(() => undefined);
const failed = (code: string, more: object = {}) => Object.assign(new Error(code), { code, ...more });
/** Longer than the pause after an answer that came at once. */
const soonMs = 250;
const timeout = failed('ServiceTimeout', { retryable: true });

describe('an accept that brought no session', () => {
  let clock: ManualClock;
  let accept: () => Promise<SessionReceiverPort>;
  let opened: number;
  let said: string[];
  let reached: number;
  let stop: AbortController;
  let subscription: ServiceBusSubscription;
  /** What receiving ended with. */
  let next: Promise<unknown> | undefined;

  beforeEach(() => {
    clock = new ManualClock();
    opened = 0;
    said = [];
    reached = 0;
    stop = new AbortController();
    subscription = create(acceptMs);
    next = undefined;
  });
  afterEach(async () => {
    stop.abort(new Error('the test is over'));
    await next;
    await subscription[Symbol.asyncDispose]();
  });

  function create(acceptTimeoutMs: number): ServiceBusSubscription {
    const say = (sentence: string) => void said.push(sentence);
    return new ServiceBusSubscription({
      address: { connectionString: '' },
      topic: 'changes',
      subscription: 'dstream',
      sessions: true,
      acceptTimeoutMs,
      clock,
      random: () => 0.5,
      log: { ...silentLog, error: say, warn: say, info: say },
      openAcceptingClient: open,
    });
  }

  /** Every accept from now on goes as `goes` does. */
  function accepting(goes: () => Promise<SessionReceiverPort>): void {
    accept = goes;
    const received = subscription.receive({
      signal: stop.signal,
      maxInFlight: 10,
      maxBytes: 67_108_864,
      reached: () => (reached += 1),
    });
    next ??= received[Symbol.asyncIterator]()
      .next()
      .catch((error: unknown) => error);
  }

  function open(): AcceptingClient {
    opened += 1;
    return {
      acceptNextSession: () => accept(),
      close: async () => undefined,
    };
  }

  async function rejects(error: Error): Promise<never> {
    await clock.sleep(acceptMs, new AbortController().signal);
    throw error;
  }

  test('is no outage when the service reports that no session has messages', async () => {
    accepting(() => rejects(timeout));
    await clock.advance(4 * acceptMs);
    expect({ said, opened }).toEqual({ said: [], opened: 1 });
  });

  test('is an outage when nothing was answered, logged at growing intervals; the next goes over a new connection', async () => {
    accepting(silence);
    await clock.advance(4 * limitMs);
    expect([said, reached]).toEqual([['receiving failed; retrying'], 0]);
    expect(opened).toBeGreaterThan(2);
    await clock.advance(300_000);
    expect(said.slice(1)).toEqual(Array<string>(2).fill('receiving still failing; retrying'));
    accepting(() => rejects(timeout));
    await clock.advance(2 * limitMs);
    expect([said.slice(3), reached]).toEqual([['receiving recovered'], 1]);
  });

  test('is tried again within three seconds while the service refuses', async () => {
    accepting(() => Promise.reject(failed('ServiceBusy')));
    await clock.advance(120_000);
    accepting(() => rejects(timeout));
    await clock.advance(3_000 + acceptMs);
    expect(said.at(-1)).toBe('receiving recovered');
  });

  test('does not count as having reached the entity without an answer: what a person must fix still ends it', async () => {
    accepting(silence);
    await clock.advance(limitMs);
    accepting(() => rejects(failed('MessagingEntityNotFound')));
    await clock.advance(2 * limitMs);
    expect(await next).toMatchObject({ code: 'EntityNotFound' });
  });

  test('may not wait for so long that the SDK gives up by itself, with the code of an answer', () => {
    expect(() => create(50_000)).toThrow(expect.objectContaining({ code: 'ConfigInvalid' }));
    expect(() => create(49_999)).not.toThrow();
  });
});

describe('accepts', () => {
  const port = (n: number) =>
    ({
      sessionId: `s${n}`,
      sessionLockedUntilUtc: new Date(),
      isClosed: false,
      subscribe: () => ({ close: async () => undefined }),
      close: async () => undefined,
    }) as unknown as SessionReceiverPort;

  test('go side by side while they bring sessions, and one is left when nobody waits', async () => {
    const clock = new ManualClock();
    const waiting: PromiseWithResolvers<SessionReceiverPort>[] = [];
    const acceptNextSession = () => {
      const accept = Promise.withResolvers<SessionReceiverPort>();
      waiting.push(accept);
      return accept.promise;
    };
    await using subscription = new ServiceBusSubscription({
      address: { connectionString: '' },
      topic: 'changes',
      subscription: 'dstream',
      sessions: true,
      maxSessions: 9,
      clock,
      openAcceptingClient: () => ({ acceptNextSession, close: async () => undefined }),
    });
    const stop = new AbortController();
    const received = subscription.receive({ signal: stop.signal, maxInFlight: 10, maxBytes: 67_108_864 });
    const next = expect(received[Symbol.asyncIterator]().next()).rejects.toThrow('over');
    const underWay: number[] = [];
    for (let n = 0; n < 5; n += 1) {
      await clock.advance(0);
      underWay.push(waiting.length);
      waiting.shift()?.resolve(port(n));
    }
    await clock.advance(0);
    underWay.push(waiting.length);
    for (const accept of waiting.splice(0)) accept.reject(timeout);
    await clock.advance(soonMs);
    underWay.push(waiting.length);
    expect(underWay).toEqual([1, 2, 3, 4, 4, 4, 1]);
    stop.abort(new Error('it is over'));
    await next;
  });

  test('pause when what they bring ends as it begins', async () => {
    const clock = new ManualClock();
    let accepted = 0;
    const broken = () => {
      throw new Error('the link is closed');
    };
    const acceptNextSession = async () => ({ ...port((accepted += 1)), subscribe: broken });
    await using subscription = new ServiceBusSubscription({
      address: { connectionString: '' },
      topic: 'changes',
      subscription: 'dstream',
      sessions: true,
      clock,
      openAcceptingClient: () => ({ acceptNextSession, close: async () => undefined }),
    });
    const stop = new AbortController();
    const received = subscription.receive({ signal: stop.signal, maxInFlight: 10, maxBytes: 67_108_864 });
    const next = expect(received[Symbol.asyncIterator]().next()).rejects.toThrow('over');
    await clock.advance(1_000);
    expect(accepted).toBeLessThan(10);
    stop.abort(new Error('it is over'));
    await next;
  });
});
