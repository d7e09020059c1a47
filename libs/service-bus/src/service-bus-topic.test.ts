import type { ServiceBusMessage, ServiceBusMessageBatch } from '@azure/service-bus';
import { DStreamError, type OutgoingMessage } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { OpenSender } from './connections.ts';
import { ServiceBusTopic } from './service-bus-topic.ts';

const never = new AbortController().signal;

/** A sender that answers when it is told to. */
class HeldSender implements OpenSender {
  readonly sender = this;
  maxBytes: number | undefined = 100_000;
  readonly started: string[] = [];
  readonly #answers: (() => void)[] = [];

  /** While set, the link is being opened. */
  opening: Promise<void> | undefined;

  /** Single messages need none; the link shows by it what it accepts. */
  async createMessageBatch(): Promise<ServiceBusMessageBatch> {
    await this.opening;
    return { maxSizeInBytes: 100_000 } as ServiceBusMessageBatch;
  }

  sendMessages(message: ServiceBusMessage | ServiceBusMessageBatch): Promise<void> {
    this.started.push(String((message as ServiceBusMessage).messageId));
    return new Promise((resolve) => this.#answers.push(resolve));
  }

  answer(): void {
    this.#answers.shift()?.();
  }

  async close(): Promise<void> {
    while (this.#answers.length > 0) this.answer();
  }
}

function message(sessionId: string, messageId: string): OutgoingMessage {
  return { messageId, sessionId, subject: '', contentType: '', body: 'x', bodyBytes: 1, properties: {} };
}

describe('sending under a lease', () => {
  let sender: HeldSender;
  let topic: ServiceBusTopic;
  let clock: ManualClock;
  let leaseIsLost: boolean;

  beforeEach(() => {
    sender = new HeldSender();
    clock = new ManualClock();
    leaseIsLost = false;
    topic = new ServiceBusTopic({
      address: { connectionString: '' },
      topic: 'changes',
      clock,
      concurrentSessions: 1,
      openSender: () => sender,
    });
  });
  afterEach(() => topic[Symbol.asyncDispose]());

  const everythingRan = () => clock.advance(0);
  const mayStart = () => {
    if (leaseIsLost) throw new DStreamError('LeaseLost', 'the lease ran out');
  };
  const send = (...messages: OutgoingMessage[]) => topic.send(messages, { signal: never, mayStart });

  test.each([
    ['a slot', message('s2', 'second')],
    ['the send before it in its session', message('s1', 'second')],
  ])('a lease that is lost while a send waits for %s keeps it from starting', async (_, second) => {
    const first = send(message('s1', 'first'));
    const waiting = send(second);
    await everythingRan();
    expect(sender.started).toEqual(['first']);
    leaseIsLost = true;
    sender.answer();
    await first;
    await expect(waiting).rejects.toMatchObject({
      code: 'LeaseLost',
      disposition: 'lost',
      failures: [{ key: second.sessionId, from: 0, error: { code: 'LeaseLost' } }],
    });
    expect(sender.started).toEqual(['first']);
  });

  test('of a send over two sessions the one that had started is accepted', async () => {
    const sending = send(message('s1', 'one'), message('s2', 'two'));
    await everythingRan();
    expect(sender.started).toEqual(['one']);
    leaseIsLost = true;
    sender.answer();
    await expect(sending).rejects.toMatchObject({ failures: [{ key: 's2', from: 1 }] });
    expect(sender.started).toEqual(['one']);
  });

  test.each(['the time is up', 'it was aborted'])(
    'once %s a link that opens later sends nothing',
    async (why) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      sender.opening = promise;
      sender.maxBytes = undefined;
      const abort = new AbortController();
      const sending = topic.send([message('s1', 'late')], { signal: abort.signal });
      const failed = expect(sending).rejects.toThrow(/no answer in time|stopping/);
      await everythingRan();
      if (why === 'it was aborted') abort.abort(new Error('stopping'));
      else await clock.advance(15_000);
      await failed;
      resolve();
      await everythingRan();
      expect(sender.started).toEqual([]);
    },
  );
});
