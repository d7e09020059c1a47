import { expect, test } from 'vitest';
import type { BlobOperation } from '@dstream/stand-in-blobs';
import { newHubCounters } from '@dstream/stand-in-amqp';
import { newCounters } from '@dstream/stand-in-amqp';
import { CounterBoard } from './counters.ts';
import { SqlFaults } from './sql-faults.ts';

test('a reset starts the counts again, but not what is open now', () => {
  const faults = new SqlFaults({ now: () => 0, onFailure: () => undefined });
  const bus = { ...newCounters(), openConnections: 2, openLinks: 5, sessionsLocked: 1 };
  const hubs = { ...newHubCounters(), openConnections: 3 };
  const blobs = new Map<BlobOperation, number>([['put-blob', 3]]);
  const board = new CounterBoard({
    sql: { faults, connections: () => 4 },
    serviceBus: { counters: () => bus },
    eventHubs: { counters: () => hubs },
    blobs: { counters: blobs },
  });
  bus.messagesIn = 5;
  hubs.eventsIn = 10;
  faults.observer.statement?.({ id: 1 }, { kind: 'batch', text: 'SELECT 1' });
  board.reset();
  bus.messagesIn = 7;
  hubs.eventsIn = 11;
  blobs.set('put-blob', 4).set('get-blob', 1);

  const { sql, serviceBus, eventHubs, blobs: seen } = board.read();
  expect(sql).toMatchObject({ statements: 0, openConnections: 4 });
  expect(serviceBus).toMatchObject({ messagesIn: 2, openConnections: 2, openLinks: 5, sessionsLocked: 1 });
  expect(eventHubs).toMatchObject({ eventsIn: 1, openConnections: 3 });
  expect(seen).toEqual({ requests: 2, byOperation: { 'put-blob': 1, 'get-blob': 1 } });
});
