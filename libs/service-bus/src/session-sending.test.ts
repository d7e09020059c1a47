import type { ServiceBusMessage, ServiceBusMessageBatch } from '@azure/service-bus';
import { DStreamError, type OutgoingMessage } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { sendSession, type SenderPort } from './session-sending.ts';

/** Counts bodies only, as the broker's link would with messages that have no properties. */
class Batch {
  readonly maxSizeInBytes: number;
  readonly ids: string[] = [];
  sizeInBytes = 0;
  tried = 0;

  constructor(maxSizeInBytes: number) {
    this.maxSizeInBytes = maxSizeInBytes;
  }

  tryAddMessage(message: ServiceBusMessage): boolean {
    this.tried += 1;
    const { length } = message.body as Buffer;
    if (this.sizeInBytes + length > this.maxSizeInBytes) return false;
    this.sizeInBytes += length;
    this.ids.push(String(message.messageId));
    return true;
  }
}

class Sender implements SenderPort {
  readonly sent: (string | string[])[] = [];
  readonly batches: Batch[] = [];
  readonly #maxBytes: number;
  #failAt: number | undefined;
  /** Judges what is sent, by its message ids; what it returns is thrown. */
  refuse: (ids: readonly string[]) => Error | undefined = () => undefined;

  constructor(maxBytes: number, failAt?: number) {
    this.#maxBytes = maxBytes;
    this.#failAt = failAt;
  }

  async createMessageBatch({ maxSizeInBytes = this.#maxBytes } = {}): Promise<ServiceBusMessageBatch> {
    if (maxSizeInBytes > this.#maxBytes) throw new Error('the batch is larger than the link takes');
    const batch = new Batch(maxSizeInBytes);
    this.batches.push(batch);
    return batch as unknown as ServiceBusMessageBatch;
  }

  async sendMessages(messages: ServiceBusMessage | ServiceBusMessageBatch): Promise<void> {
    if (this.sent.length === this.#failAt) throw new Error('refused');
    const sent = messages instanceof Batch ? messages.ids : String((messages as ServiceBusMessage).messageId);
    const refusal = this.refuse([sent].flat());
    if (refusal !== undefined) throw refusal;
    this.sent.push(sent);
  }
}

function message(messageId: string, bytes: number): OutgoingMessage {
  const body = 'x'.repeat(bytes);
  return { messageId, sessionId: 's', subject: '', contentType: '', body, bodyBytes: bytes, properties: {} };
}

function send(sender: Sender, messages: readonly OutgoingMessage[], mayStart?: () => void) {
  const link = { sender, maxBytes: undefined };
  return sendSession({ messages, mayStart }, (work) => work(link, new AbortController().signal));
}

describe('sending a session', () => {
  test('one message goes without a batch', async () => {
    const sender = new Sender(10_000);
    expect(await send(sender, [message('a', 100)])).toBeUndefined();
    expect(sender.sent).toEqual(['a']);
  });

  test('batches are filled to the limit, in order', async () => {
    const sender = new Sender(1_000);
    await send(
      sender,
      ['a', 'b', 'c', 'd', 'e'].map((id) => message(id, 450)),
    );
    expect(sender.sent).toEqual([['a', 'b'], ['c', 'd'], 'e']);
  });

  test('large messages that do not fit together are not encoded to find that out', async () => {
    const sender = new Sender(2_000);
    await send(sender, [message('a', 1_200), message('b', 1_200)]);
    expect(sender.sent).toEqual(['a', 'b']);
    expect(sender.batches.map(({ tried }) => tried)).toEqual([0]);
  });

  test('a message that fits no batch is refused by name, bytes and limit, and what precedes it was sent', async () => {
    const sender = new Sender(1_000);
    const stopped = await send(sender, [message('a', 10), message('b', 2_000), message('c', 10)]);
    expect(stopped).toMatchObject({
      from: 1,
      error: { code: 'MessageTooLarge', message: expect.stringMatching(/message b .*2000 bytes.*1000/) },
    });
    expect(sender.sent.flat()).toEqual(['a']);
  });

  test('the first failure stops it: nothing after it is sent', async () => {
    const sender = new Sender(1_000, 1);
    const stopped = await send(
      sender,
      ['a', 'b', 'c', 'd', 'e', 'f'].map((id) => message(id, 400)),
    );
    expect(stopped).toMatchObject({ from: 2, error: { message: 'refused' } });
    expect(sender.sent).toEqual([['a', 'b']]);
  });

  test('it is asked before every request, and what may not start is not sent', async () => {
    const sender = new Sender(1_000);
    const lost = new DStreamError('LeaseLost', 'the lease ran out');
    const sentBefore: number[] = [];
    const stopped = await send(
      sender,
      ['a', 'b', 'c', 'd', 'e'].map((id) => message(id, 450)),
      () => {
        sentBefore.push(sender.sent.length);
        if (sender.sent.length === 1) throw lost;
      },
    );
    expect(stopped?.from).toBe(2);
    expect(stopped?.error).toBe(lost);
    expect(sender.sent).toEqual([['a', 'b']]);
    expect(sentBefore).toEqual([0, 1]);
  });

  test('it is asked after the link was opened, for a single message and for a batch', async () => {
    for (const messages of [[message('a', 100)], [message('a', 100), message('b', 100)]]) {
      const sender = new Sender(1_000);
      const openedBefore: number[] = [];
      await send(sender, messages, () => openedBefore.push(sender.batches.length));
      expect(openedBefore).toEqual([messages.length]);
    }
  });

  describe('over a link that takes large messages', () => {
    const megabyte = 1_048_576;
    const link = 100 * megabyte;

    test('a batch stays within one megabyte all the same', async () => {
      const sender = new Sender(link);
      await send(
        sender,
        ['a', 'b', 'c', 'd', 'e'].map((id) => message(id, 0.4 * megabyte)),
      );
      expect(sender.sent).toEqual([['a', 'b'], ['c', 'd'], 'e']);
      expect(sender.batches.map(({ maxSizeInBytes }) => maxSizeInBytes)).toEqual([link, megabyte, megabyte]);
    });

    test('a message larger than that goes alone, without a batch, and in its turn', async () => {
      const sender = new Sender(link);
      await send(sender, [message('a', 10), message('b', 10), message('c', 3 * megabyte), message('d', 10)]);
      expect(sender.sent).toEqual([['a', 'b'], 'c', 'd']);
    });

    test('a message that only its properties make too large for a batch goes alone', async () => {
      const sender = new Sender(link);
      const heavy = { ...message('a', 10), body: 'x'.repeat(2 * megabyte) };
      await send(sender, [heavy, message('b', 10)]);
      expect(sender.sent).toEqual(['a', 'b']);
    });
  });

  describe.each([
    ['for its size', { code: 'MessageSizeExceeded' }],
    ['and its link detached', { code: 'GeneralError', retryable: false }],
  ])('a batch that is refused %s', (_, fields) => {
    const refusal = Object.assign(new Error('refused by the broker'), fields);
    const ids = ['a', 'b', 'c', 'd', 'e', 'f'];
    const messages = ids.map((id) => message(id, 300));

    test('goes one by one, and the messages after it in batches again', async () => {
      const sender = new Sender(1_000);
      sender.refuse = (sent) => (sent.length > 1 && sent.includes('a') ? refusal : undefined);
      expect(await send(sender, messages)).toBeUndefined();
      expect(sender.sent).toEqual(['a', 'b', 'c', ['d', 'e', 'f']]);
    });

    test('is the fault of the message that is refused alone, not of the first', async () => {
      const sender = new Sender(1_000);
      sender.refuse = (sent) => (sent.includes('b') ? refusal : undefined);
      expect(await send(sender, messages)).toEqual({ from: 1, error: refusal });
      expect(sender.sent).toEqual(['a']);
    });

    test('is not sent one by one when it may not start any more', async () => {
      const sender = new Sender(1_000);
      sender.refuse = () => refusal;
      const lost = new DStreamError('LeaseLost', 'the lease ran out');
      let asked = 0;
      const stopped = await send(sender, messages, () => {
        asked += 1;
        if (asked === 2) throw lost;
      });
      expect(stopped).toEqual({ from: 0, error: lost });
    });
  });

  test.each([
    { code: 'GeneralError', retryable: true },
    { code: 'GeneralError', retryable: false, syscall: 'read' },
    { code: 'ServiceBusy', retryable: true },
  ])('a batch that fails with %o is not sent one by one', async (fields) => {
    const sender = new Sender(1_000);
    const failure = Object.assign(new Error('failed'), fields);
    let sends = 0;
    sender.refuse = () => {
      sends += 1;
      return failure;
    };
    const stopped = await send(
      sender,
      ['a', 'b'].map((id) => message(id, 300)),
    );
    expect(stopped).toEqual({ from: 0, error: failure });
    expect(sends).toBe(1);
  });
});
