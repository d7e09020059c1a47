/** The Event Hubs stand-in against the real client over real sockets: faults, in the process and by their address. */
import { EventHubProducerClient } from '@azure/event-hubs';
import { FaultsClient, startStandIns } from '@dstream/stand-ins';
import { expect, test } from 'vitest';
import { eventHubsRig, retryOptions } from '../support/event-hubs-rig.ts';
import { until } from '../support/until.ts';

const rig = eventHubsRig();

const bodies = () => rig.hubs.events('changes').map(({ body }) => String(body));
const one = (body: unknown) => [{ body }];
const to = { partitionId: '0' };

test('a throttled send is refused as busy and stores nothing', async () => {
  const producer = rig.producer();
  rig.hubs.serverBusy(1);
  await expect(producer.sendBatch(one(1), to)).rejects.toMatchObject({
    code: 'ServerBusyError',
    retryable: true,
  });
  await producer.sendBatch(one(2), to);
  expect(bodies()).toEqual(['2']);
  expect(rig.hubs.counters()).toMatchObject({ sends: 2, sendsRefused: 1, batches: 1, eventsIn: 1 });
});

test('sends are refused with the condition that is asked for', async () => {
  const producer = rig.producer();
  rig.hubs.refuseSends(1, 'amqp:resource-limit-exceeded');
  await expect(producer.sendBatch(one(1), to)).rejects.toMatchObject({ code: 'QuotaExceededError' });
  rig.hubs.refuseSends(1);
  await expect(producer.sendBatch(one(2), to)).rejects.toMatchObject({ code: 'InternalServerError' });
  await producer.sendBatch(one(3), to);
  expect(bodies()).toEqual(['3']);
});

test('delayed sends are answered later, in order', async () => {
  const producer = rig.producer();
  await producer.sendBatch(one(0), to);
  rig.hubs.delaySends(300);
  const start = performance.now();
  await Promise.all([producer.sendBatch(one(1), to), producer.sendBatch(one(2), to)]);
  expect(performance.now() - start).toBeGreaterThan(250);
  rig.hubs.clear();
  await producer.sendBatch(one(3), to);
  expect(bodies()).toEqual(['0', '1', '2', '3']);
});

test('a lost reply stores the events and cuts their connection only', async () => {
  const [producer, another] = [rig.producer(), rig.producer('single')];
  await another.sendBatch(one(0));
  rig.hubs.loseReplies(1);
  await expect(producer.sendBatch(one(1), to)).rejects.toMatchObject({ retryable: true });
  expect(bodies()).toEqual(['1']);
  await until(
    () => rig.hubs.counters().openConnections === 1,
    () => 'one connection',
  );
  await another.sendBatch(one(0));
  await rig.producer().sendBatch(one(2), to);
  expect(bodies()).toEqual(['1', '2']);
  expect(rig.hubs.counters().connections).toBe(3);
});

test('dropped connections are opened again by consumer and producer, and nothing is read twice or lost', async () => {
  const reading = rig.read('0');
  await rig.producer().sendBatch(one(1), to);
  await reading.read(1);
  expect(rig.hubs.dropConnections()).toBe(2);
  await rig.producer().sendBatch(one(2), to);
  expect(await reading.read(2)).toEqual([1, 2]);
});

test('refused connections end by themselves', async () => {
  rig.hubs.refuseConnections(400);
  await expect(rig.producer().getPartitionIds()).rejects.toThrow(/ECONNREFUSED/);
  const connected = () =>
    rig
      .producer()
      .getPartitionIds()
      .catch(() => undefined);
  expect(await until(connected, () => 'a connection')).toHaveLength(4);
});

test('links of one address are detached, others stay', async () => {
  const producer = rig.producer();
  await producer.sendBatch(one(1), { partitionId: '0' });
  await producer.sendBatch(one(1), { partitionId: '1' });
  expect(rig.hubs.detachLinks('changes/Partitions/0')).toBe(1);
  expect(rig.hubs.detachLinks('changes/Partitions/3')).toBe(0);
  expect(rig.hubs.detachLinks()).toBeGreaterThanOrEqual(1);
  const again = () =>
    producer.sendBatch(one(2), { partitionId: '0' }).then(
      () => true,
      () => false,
    );
  await until(again, () => 'a new link');
  expect(bodies()).toEqual(['1', '2', '1']);
});

test('the faults address offers them, counts, and ends them', async () => {
  await using standIns = await startStandIns();
  const faults = new FaultsClient(standIns.faults);
  const producer = new EventHubProducerClient(standIns.env.DSTREAM_EVENT_HUBS_CONNECTION_STRING, 'changes', {
    retryOptions,
  });
  try {
    await producer.sendBatch([{ body: 1 }, { body: 2 }]);
    await faults.inject('event-hubs/throttle', { sends: 5 });
    await expect(producer.sendBatch(one(3))).rejects.toMatchObject({ code: 'ServerBusyError' });
    expect((await faults.counters()).eventHubs).toMatchObject({ sends: 2, sendsRefused: 1, eventsIn: 2 });
    await faults.inject('event-hubs/refuse-sends', { count: 1, condition: 'amqp:not-allowed' });
    await faults.inject('event-hubs/delay-sends', { ms: 60_000 });
    await faults.inject('event-hubs/lose-replies', { count: 1 });
    await faults.reset();
    await producer.sendBatch(one(4));
    expect((await faults.counters()).eventHubs).toMatchObject({ sends: 1, sendsRefused: 0, eventsIn: 1 });
    expect(await faults.inject('event-hubs/detach-links', { address: 'CHANGES' })).toEqual({ detached: 1 });
    expect(await faults.inject('event-hubs/drop-connections', {})).toEqual({ dropped: 1 });
    await faults.inject('event-hubs/refuse-connections', { ms: 0 });
    expect(standIns.eventHubs.events('changes').map(({ body }) => String(body))).toEqual(['1', '2', '4']);
  } finally {
    await producer.close();
  }
});
