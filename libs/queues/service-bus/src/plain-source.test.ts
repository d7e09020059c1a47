import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { Delivery } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PlainReceiverPort, ReceiveHandlers } from './receiver.ts';
import { ServiceBusSubscription } from './service-bus-subscription.ts';

const silenceMs = 10_000;
const looksMs = silenceMs / 4;

class FakeReceiver implements PlainReceiverPort {
  isClosed = false;
  isAsking = false;
  /** As `close` of the SDK does when the connection drops meanwhile. */
  stopsSilently = false;
  #handlers: ReceiveHandlers | undefined;

  subscribe(handlers: ReceiveHandlers) {
    this.#handlers = handlers;
    this.isAsking = true;
    return {
      close: async () => {
        this.isAsking = false;
        if (this.stopsSilently) await new Promise(() => undefined);
      },
    };
  }

  deliver(messageId: string): void {
    const message = { messageId, body: Buffer.from('{}'), deliveryCount: 0, state: 'active' };
    void this.#handlers?.processMessage(message as unknown as ServiceBusReceivedMessage);
  }

  completeMessage = async () => undefined;
  deadLetterMessage = async () => undefined;
  peekMessages = async () => [];
  renewMessageLock = async () => new Date();
  close = async () => {
    this.isClosed = true;
  };
}

describe('receiving without sessions', () => {
  let clock: ManualClock;
  let receivers: FakeReceiver[];
  let subscription: ServiceBusSubscription;
  let stop: AbortController;
  let deliveries: AsyncIterator<Delivery>;

  beforeEach(() => {
    clock = new ManualClock();
    receivers = [];
    stop = new AbortController();
    subscription = new ServiceBusSubscription({
      address: { connectionString: '' },
      topic: 'changes',
      subscription: 'plain',
      sessions: false,
      clock,
      silenceMs,
      openPlainClient: () => ({ createReceiver: opened, close: async () => undefined }),
    });
    const received = subscription.receive({ signal: stop.signal, maxInFlight: 10, maxBytes: 67_108_864 });
    deliveries = received[Symbol.asyncIterator]();
  });
  afterEach(() => subscription[Symbol.asyncDispose]());

  function opened(): FakeReceiver {
    const receiver = new FakeReceiver();
    receivers.push(receiver);
    return receiver;
  }

  /** The first receiver of all only looks whether the subscription is there. */
  const asking = () => receivers.map(({ isAsking }) => isAsking);
  const isClosed = (index: number) => receivers[index]?.isClosed;

  async function ended(next: Promise<unknown>): Promise<void> {
    stop.abort(new Error('the test is over'));
    await expect(next).rejects.toThrow('the test is over');
  }

  test('a receiver that brings nothing for long is replaced and closed', async () => {
    const next = deliveries.next();
    await clock.advance(silenceMs - looksMs);
    expect(asking()).toEqual([false, true]);
    await clock.advance(looksMs);
    expect(asking()).toEqual([false, false, true]);
    expect(isClosed(1)).toBe(true);
    receivers[2]?.deliver('m1');
    expect((await next).value?.message.messageId).toBe('m1');
    await ended(deliveries.next());
  });

  test('one whose message is not settled is left alone', async () => {
    const next = deliveries.next();
    await clock.advance(0);
    receivers[1]?.deliver('m1');
    const { value } = await next;
    const waiting = deliveries.next();
    await clock.advance(3 * silenceMs);
    expect(asking()).toEqual([false, true]);
    await value?.complete();
    await clock.advance(looksMs);
    expect(asking()).toEqual([false, false, true]);
    await ended(waiting);
  });

  test('every arrival begins the silence anew', async () => {
    for (const messageId of ['m1', 'm2', 'm3']) {
      const next = deliveries.next();
      await clock.advance(silenceMs - looksMs);
      receivers[1]?.deliver(messageId);
      await (await next).value?.complete();
    }
    expect(asking()).toEqual([false, true]);
    await ended(deliveries.next());
  });

  test('one that never reports that it stopped is closed all the same, after five seconds', async () => {
    const next = deliveries.next();
    await clock.advance(0);
    const [, receiver] = receivers;
    if (receiver !== undefined) receiver.stopsSilently = true;
    await clock.advance(silenceMs);
    expect([asking(), isClosed(1)]).toEqual([[false, false, true], false]);
    await clock.advance(5_000);
    expect(isClosed(1)).toBe(true);
    await ended(next);
  });
});
