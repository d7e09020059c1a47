import { ManualClock } from '@dstream/memory/manual-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { SendingConnections, type SendingClient } from './connections.ts';

class FakeClient implements SendingClient {
  closed = 0;
  readonly closedSenders: string[] = [];

  createSender(entity: string): ReturnType<SendingClient['createSender']> {
    return {
      createMessageBatch: () => Promise.reject(new Error('nothing is sent here')),
      sendMessages: () => Promise.reject(new Error('nothing is sent here')),
      close: async () => void this.closedSenders.push(entity),
    };
  }

  async close(): Promise<void> {
    this.closed += 1;
  }
}

describe('a connection that senders share', () => {
  let clients: FakeClient[];
  let connections: SendingConnections;

  beforeEach(() => {
    clients = [];
    connections = new SendingConnections({
      address: { connectionString: '' },
      sendTimeoutMs: 15_000,
      clock: new ManualClock(),
      openClient: () => {
        const client = new FakeClient();
        clients.push(client);
        return client;
      },
    });
  });

  const seen = () => clients.map(({ closed, closedSenders }) => ({ closed, closedSenders }));

  test('outlives them, and is closed at the end', async () => {
    const [a, b] = [connections.openSender('a'), connections.openSender('b')];
    await a.close();
    await b.close();
    await b.close();
    expect(seen()).toEqual([{ closed: 0, closedSenders: ['a', 'b'] }]);
    connections.openSender('c');
    await connections[Symbol.asyncDispose]();
    expect(seen()).toEqual([{ closed: 1, closedSenders: ['a', 'b'] }]);
  });

  test('that gave no answer is replaced, and closed with its last sender', async () => {
    const [a, b] = [connections.openSender('a'), connections.openSender('b')];
    a.distrust?.();
    connections.openSender('a');
    expect(clients).toHaveLength(2);
    await a.close();
    expect(seen()[0]).toEqual({ closed: 0, closedSenders: [] });
    await b.close();
    expect(seen()).toEqual([
      { closed: 1, closedSenders: [] },
      { closed: 0, closedSenders: [] },
    ]);
  });

  test('that was replaced is not replaced again by those that are still on it', () => {
    const [a, b] = [connections.openSender('a'), connections.openSender('b')];
    a.distrust?.();
    connections.openSender('a');
    b.distrust?.();
    connections.openSender('b');
    expect(clients).toHaveLength(2);
  });
});
