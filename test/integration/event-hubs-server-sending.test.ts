/** The Event Hubs stand-in against the real client over real sockets: sending, and what it says of itself. */
import { EventHubBufferedProducerClient, EventHubProducerClient } from '@azure/event-hubs';
import { describe, expect, test } from 'vitest';
import { startEventHubs } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import { partitionOfKey } from '../stand-ins/amqp/src/event-hubs/broker/partition-hash.ts';
import { eventHubsRig, retryOptions } from '../support/event-hubs-rig.ts';

const rig = eventHubsRig();

const stored = (hub = 'changes') =>
  rig.hubs.events(hub).map(({ partition, sequence, body }) => [partition, sequence, String(body)]);

const failure = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('it worked'),
    (error: unknown) => error,
  );

describe('where events go', () => {
  test('a batch by key goes to the partition of its key, and keeps the key', async () => {
    const producer = rig.producer();
    const keys = ['180', 'Ä "1"', '["A",7]', 'x'.repeat(100)];
    for (const partitionKey of keys) await producer.sendBatch([{ body: 1 }, { body: 2 }], { partitionKey });
    const seen = rig.hubs.events('changes').map((event) => [event.partitionKey, event.partition]);
    expect(new Set(seen.map((pair) => pair.join()))).toEqual(
      new Set(keys.map((key) => `${key},${partitionOfKey(key, 4)}`)),
    );
    expect(seen).toHaveLength(8);
  });

  test('the gateway and a client that computes the partition agree', async () => {
    const errors: Error[] = [];
    const keys = Array.from({ length: 40 }, (_, i) => `key ${i * 7919}`);
    const buffered = new EventHubBufferedProducerClient(rig.hubs.connectionString, 'changes', {
      retryOptions,
      onSendEventsErrorHandler: ({ error }) => void errors.push(error),
      maxWaitTimeInMs: 20,
    });
    const producer = rig.producer();
    for (const key of keys) {
      await buffered.enqueueEvent({ body: key }, { partitionKey: key });
      await producer.sendBatch([{ body: key }], { partitionKey: key });
    }
    await buffered.close({ flush: true });
    expect(errors).toEqual([]);
    const places = new Set(
      rig.hubs.events('changes').map(({ partition, body }) => `${String(body)} ${partition}`),
    );
    expect(rig.hubs.events('changes')).toHaveLength(80);
    expect(places.size).toBe(40);
  });

  test('a batch by id goes to that partition, in order', async () => {
    const producer = rig.producer();
    await producer.sendBatch([{ body: 'a' }, { body: 'b' }], { partitionId: '2' });
    await producer.sendBatch([{ body: 'c' }], { partitionId: '2' });
    expect(stored()).toEqual([
      ['2', 0, '"a"'],
      ['2', 1, '"b"'],
      ['2', 2, '"c"'],
    ]);
    expect(rig.hubs.events('changes')[0]?.partitionKey).toBeUndefined();
  });

  test('batches without either go to the partitions in turn', async () => {
    const producer = rig.producer();
    for (const body of [0, 1, 2, 3, 4]) await producer.sendBatch([{ body }]);
    expect(stored()).toEqual([
      ['0', 0, '0'],
      ['0', 1, '4'],
      ['1', 0, '1'],
      ['2', 0, '2'],
      ['3', 0, '3'],
    ]);
  });

  test('what an event says of itself is kept, and what the service says cannot be forged', async () => {
    const producer = rig.producer();
    const body = Buffer.from([1, 2, 255]);
    await producer.sendBatch(
      [
        {
          body,
          bodyType: 'data',
          properties: { messageId: 'id-1', subject: 'dbo.A', contentType: 'application/json' },
          applicationProperties: { schema: 'dbo', n: 7 },
          messageAnnotations: { 'x-mine': 'kept', 'x-opt-sequence-number': 99 },
        },
      ],
      { partitionId: '1' },
    );
    const reading = rig.read('1');
    await reading.read(1);
    expect(reading.events[0]).toMatchObject({
      body,
      messageId: 'id-1',
      contentType: 'application/json',
      properties: { schema: 'dbo', n: 7 },
      sequenceNumber: 0,
      systemProperties: { 'x-mine': 'kept', subject: 'dbo.A' },
    });
  });
});

describe('what is refused', () => {
  test('a batch that is larger than the link says, without a trace', async () => {
    const producer = rig.producer();
    const batch = await producer.createBatch();
    expect(batch.maxSizeInBytes).toBe(1_048_576);
    const huge = producer.sendBatch([{ body: Buffer.alloc(1_048_576) }]);
    expect(await failure(huge)).toMatchObject({ code: 'MessageTooLargeError', retryable: false });
    expect(stored()).toEqual([]);
    await producer.sendBatch([{ body: Buffer.alloc(1_048_000) }]);
    expect(rig.hubs.events('changes')).toHaveLength(1);
  });

  test('a hub that was not declared', async () => {
    const producer = rig.producer('absent');
    expect(await failure(producer.sendBatch([{ body: 1 }]))).toMatchObject({
      code: 'MessagingEntityNotFoundError',
      message: expect.stringContaining("'absent' could not be found"),
    });
    expect(await failure(producer.getEventHubProperties())).toMatchObject({
      code: 'MessagingEntityNotFoundError',
    });
    expect(rig.hubs.hubs()).toEqual(['changes', 'single']);
  });

  test('a partition that is not there', async () => {
    const producer = rig.producer();
    const refused = { code: 'ArgumentOutOfRangeError', message: expect.stringContaining('between 0 and 3') };
    expect(await failure(producer.sendBatch([{ body: 1 }], { partitionId: '4' }))).toMatchObject(refused);
    expect(await failure(producer.getPartitionProperties('4'))).toMatchObject(refused);
  });

  test('an idempotent producer, which the stand-in does not know', async () => {
    const options = { retryOptions, enableIdempotentRetries: true };
    const buffered = new EventHubBufferedProducerClient(rig.hubs.connectionString, 'changes', {
      ...options,
      maxWaitTimeInMs: 20,
      onSendEventsErrorHandler: ({ error }) => void errors.push(error),
    });
    const errors: Error[] = [];
    await buffered.enqueueEvent({ body: 1 });
    await expect.poll(() => errors[0], { timeout: 5_000 }).toMatchObject({ code: 'NotImplementedError' });
    await buffered.close({ flush: false });
    expect(stored()).toEqual([]);
  });

  test.each([
    ['key', (text: string) => text.replace(/SharedAccessKey=[^;]*/, 'SharedAccessKey=bm8=')],
    ['name of a key', (text: string) => text.replace('RootManageSharedAccessKey', 'Another')],
  ])('a wrong %s', async (_, change) => {
    const wrong = new EventHubProducerClient(change(rig.hubs.connectionString), 'changes', { retryOptions });
    try {
      const refused = { code: 'UnauthorizedError', message: expect.stringMatching(/^InvalidSignature/) };
      expect(await failure(wrong.getEventHubProperties())).toMatchObject(refused);
      expect(await failure(wrong.sendBatch([{ body: 1 }]))).toMatchObject(refused);
    } finally {
      await wrong.close();
    }
    expect(stored()).toEqual([]);
  });
});

describe('what it says of itself', () => {
  test('a hub has the partitions that were declared', async () => {
    expect(await rig.producer().getEventHubProperties()).toMatchObject({
      name: 'changes',
      partitionIds: ['0', '1', '2', '3'],
      createdOn: expect.any(Date),
    });
    expect(await rig.producer('single').getPartitionIds()).toEqual(['0']);
  });

  test('a partition tells its ends, before and after the first event', async () => {
    const producer = rig.producer();
    expect(await producer.getPartitionProperties('0')).toMatchObject({
      isEmpty: true,
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: -1,
      lastEnqueuedOffset: '-1',
    });
    const before = Date.now();
    await producer.sendBatch([{ body: 'a' }, { body: 'b' }], { partitionId: '0' });
    const after = await producer.getPartitionProperties('0');
    expect(after).toMatchObject({
      eventHubName: 'changes',
      partitionId: '0',
      isEmpty: false,
      beginningSequenceNumber: 0,
      lastEnqueuedSequenceNumber: 1,
    });
    expect(Number(after.lastEnqueuedOffset)).toBeGreaterThan(0);
    expect(after.lastEnqueuedOnUtc.getTime()).toBeGreaterThanOrEqual(before);
  });

  test('without a declaration a hub comes into being when it is used, with four partitions', async () => {
    const hubs = await startEventHubs();
    const client = new EventHubProducerClient(hubs.connectionString, 'New', { retryOptions });
    try {
      expect(hubs.hubs()).toEqual([]);
      expect(await client.getPartitionIds()).toEqual(['0', '1', '2', '3']);
      expect(hubs.hubs()).toEqual(['New']);
    } finally {
      await client.close();
      await hubs.close();
    }
  });
});
