import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { silentLog, type Delivery, type Position } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { DeliveryQueue } from './delivery-source.ts';
import { HeldSession } from './held-session.ts';
import { LockExpiryCheck } from './lock-renewal.ts';
import { ByteBudget } from './byte-budget.ts';
import type { ReceiveHandlers, SessionReceiverPort } from './receiver.ts';

/** Answers everything at once unless the test says otherwise. */
class FakeReceiver implements SessionReceiverPort {
  readonly sessionId = 's';
  readonly sessionLockedUntilUtc = new Date();
  readonly calls: string[] = [];
  isClosed = false;
  answers = true;
  renews = true;
  state: unknown;
  waiting: ServiceBusReceivedMessage[] = [];
  handlers: ReceiveHandlers | undefined;
  asked = 0;

  subscribe(handlers: ReceiveHandlers, { maxConcurrentCalls }: { maxConcurrentCalls: number }) {
    this.handlers = handlers;
    this.asked = maxConcurrentCalls;
    return { close: async () => undefined };
  }

  /** As the SDK: asks for one more when the message was settled. */
  deliver(number: number): void {
    void this.handlers?.processMessage(message(number)).then(() => (this.asked += 1));
  }

  completeMessage = ({ messageId }: ServiceBusReceivedMessage) =>
    this.#answer(`complete ${String(messageId)}`);
  deadLetterMessage = ({ messageId }: ServiceBusReceivedMessage) => this.#answer(`dead ${String(messageId)}`);
  peekMessages = async () => this.waiting;
  renewSessionLock = async () => {
    if (!this.renews) await new Promise(() => undefined);
    return new Date();
  };
  getSessionState = async () => this.state;
  setSessionState = (state: unknown) => this.#answer(`save ${String(state)}`);

  async close(): Promise<void> {
    this.calls.push('close');
    this.isClosed = true;
  }

  async #answer(call: string): Promise<void> {
    this.calls.push(call);
    if (!this.answers) await new Promise(() => undefined);
  }
}

function message(number: number): ServiceBusReceivedMessage {
  const fields = { messageId: `m${number}`, body: Buffer.from('{}'), deliveryCount: 0, state: 'active' };
  return fields as unknown as ServiceBusReceivedMessage;
}

describe('a held session', () => {
  let clock: ManualClock;
  let port: FakeReceiver;
  let queue: DeliveryQueue;
  let warnings: string[];
  let waitings: boolean[];
  let hold: HeldSession;

  beforeEach(async () => {
    clock = new ManualClock();
    port = new FakeReceiver();
    queue = new DeliveryQueue();
    warnings = [];
    waitings = [];
    hold = await held();
  });

  /** Held by a process that has just accepted it. */
  async function held(oneAtFirst = false): Promise<HeldSession> {
    const log = { ...silentLog, warn: (sentence: string) => void warnings.push(sentence) };
    const session = new HeldSession({
      port,
      queue,
      clock,
      entity: 'subscription dstream',
      random: () => 0.5,
      log,
      lockDurationMs: 60_000,
      acceptedBeforeMs: 0,
      waits: (waits) => void waitings.push(waits),
      maxInFlight: 2,
      oneAtFirst,
      budget: new ByteBudget(67_108_864),
      reservedBytes: 0,
      silenceMs: 60_000,
      answerMs: 10_000,
      expiry: new LockExpiryCheck({ entity: 'subscription dstream', lockDurationMs: 60_000, log: silentLog }),
    });
    await session.start(new AbortController().signal);
    return session;
  }

  async function delivered(number: number): Promise<Delivery> {
    port.deliver(number);
    return queue.take(new AbortController().signal);
  }

  async function leavesNothing(): Promise<void> {
    await hold.close();
    expect(clock.sleeping).toBe(0);
  }

  test('asks for a message more when one is settled, and not before', async () => {
    const first = await delivered(1);
    await delivered(2);
    expect(port.asked).toBe(2);
    await first.complete();
    await clock.advance(0);
    expect(port.asked).toBe(3);
    await leavesNothing();
  });

  test('settles and saves nothing past the moment its lock is good until', async () => {
    port.renews = false;
    const [first, second] = [await delivered(1), await delivered(2)];
    await clock.advance(47_999);
    await first.complete();
    await clock.advance(1);
    await expect(second.complete()).rejects.toMatchObject({ code: 'LockLost' });
    await expect(hold.save({ generation: 1, position: 'p' as Position })).rejects.toMatchObject({
      code: 'LockLost',
    });
    expect(hold.lost.aborted).toBe(true);
    expect(port.calls).toEqual(['complete m1', 'close']);
    await leavesNothing();
  });

  test('is lost when a settlement gets no answer', async () => {
    const first = await delivered(1);
    port.answers = false;
    const completing = expect(first.complete()).rejects.toMatchObject({ code: 'LockLost' });
    await clock.advance(12_500);
    await completing;
    expect(port.calls).toEqual(['complete m1', 'close']);
    await leavesNothing();
  });

  test('is lost when its link was closed without an error', async () => {
    port.isClosed = true;
    await clock.advance(2_500);
    expect(hold.lost.aborted).toBe(true);
    await leavesNothing();
  });

  test('is released when it brings no message at all, with no warning', async () => {
    await clock.advance(59_999);
    expect(hold.lost.aborted).toBe(false);
    await clock.advance(2_500);
    expect({ lost: hold.lost.aborted, warnings }).toEqual({ lost: true, warnings: [] });
    await leavesNothing();
  });

  test('is released when messages wait and none arrives, and not when none waits', async () => {
    await (await delivered(0)).complete();
    await clock.advance(120_000);
    expect(hold.lost.aborted).toBe(false);
    port.waiting = [message(1)];
    await clock.advance(120_000);
    expect(hold.lost.aborted).toBe(true);
    expect(warnings).toHaveLength(1);
    await leavesNothing();
  });

  test('is rightly silent while the consumer has all it may have', async () => {
    await delivered(1);
    await delivered(2);
    port.waiting = [message(3)];
    await clock.advance(300_000);
    expect(hold.lost.aborted).toBe(false);
    await leavesNothing();
  });

  test('says when it waits and when no more, and does not wait while it has asked for another message', async () => {
    await delivered(1);
    expect([hold.wait(), waitings]).toEqual([false, []]);
    await delivered(2);
    expect([hold.wait(), waitings]).toEqual([false, []]);
    await leavesNothing();
    expect([hold.wait(), waitings]).toEqual([false, []]);
  });

  test('keeps its lock for hours while it waits, with one message, and then settles it', async () => {
    await hold.close();
    port.isClosed = false;
    hold = await held(true);
    const first = await delivered(1);
    expect([port.asked, hold.wait(), waitings]).toEqual([1, true, [true]]);
    port.waiting = [message(2)];
    await clock.advance(10 * 3_600_000);
    expect([hold.lost.aborted, port.asked]).toEqual([false, 1]);
    hold.resume();
    await first.complete();
    await clock.advance(0);
    expect([waitings, port.asked]).toEqual([[true, false], 2]);
    await leavesNothing();
  });

  test('hands out nothing that waits when it ends', async () => {
    port.deliver(1);
    await hold.close();
    const abort = new AbortController();
    const taking = queue.take(abort.signal);
    abort.abort(new Error('nothing came'));
    await expect(taking).rejects.toThrow('nothing came');
    await leavesNothing();
  });

  test('takes a state that cannot be read as empty, and logs it', async () => {
    port.state = { v: 9 };
    expect(await hold.load()).toBeUndefined();
    expect(warnings).toHaveLength(1);
    port.state = { v: 1, generation: 3, position: 'p' };
    expect(await hold.load()).toEqual({ generation: 3, position: 'p' });
    await leavesNothing();
  });

  test('a save without an answer is a transient error while the lock is good', async () => {
    await delivered(1);
    port.answers = false;
    const saving = expect(hold.save({ generation: 1, position: 'p' as Position })).rejects.toMatchObject({
      code: 'TimedOut',
    });
    await clock.advance(10_000);
    await saving;
    expect(hold.lost.aborted).toBe(false);
    await leavesNothing();
  });
});
