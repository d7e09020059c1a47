/** What clients of other languages rely on and the Node clients do not: the brokers against a bare AMQP client. */
import { once, type EventEmitter } from 'node:events';
import rhea, { type Delivery, type Sender } from 'rhea';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { outcomeOf, rejected } from '../stand-ins/amqp/src/protocol/amqp-codec.ts';
import { integerOf, textOf } from '../stand-ins/amqp/src/protocol/wire/scan.ts';
import { startEventHubs, type EventHubsStandIn } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { AmqpClient, encodedFields, token } from '../support/amqp-client.ts';

/** Constructors of the types that a client insists on. */
const type = { int: [0x71, 0x54], long: [0x81, 0x55], array: [0xf0, 0xe0] };

let bus: ServiceBusStandIn;
let hubs: EventHubsStandIn;

beforeEach(async () => {
  bus = await startServiceBus();
  hubs = await startEventHubs();
});

afterEach(async () => {
  await hubs.close();
  await bus.close();
});

async function admitted(port = bus.port): Promise<AmqpClient> {
  const client = await AmqpClient.connect(port);
  await client.putToken();
  return client;
}

const status = (answer: Buffer, name = 'status-code') => integerOf(encodedFields(answer, 'properties')[name]);

describe('an attach is answered', () => {
  test.each(['$cbs', 'queue', 'queue/$management'])('with source and target: %s', async (address) => {
    await using client = await admitted();
    const receiver = await client.receiver({ source: { address }, target: { address: 'mine' } });
    const sender = await client.sender({ target: { address }, source: { address: 'mine' } });
    expect([receiver.source.address, receiver.target.address]).toEqual([address, 'mine']);
    expect([sender.source.address, sender.target.address]).toEqual(['mine', address]);
  });

  test.each(['$cbs', 'queue', 'queue/$management'])('with the settlement modes: %s', async (address) => {
    await using client = await admitted();
    const modes = { snd_settle_mode: 1, rcv_settle_mode: 1 };
    const sender = await client.sender({ target: { address }, ...modes });
    expect(sender).toMatchObject(modes);
  });

  test('without source and target when it is refused, and the error has all its fields', async () => {
    await using client = await admitted();
    await client.sender({ target: { address: 'a-topic' } });
    const receiver = client.session.open_receiver({ source: { address: 'a-topic' } });
    await once(receiver as unknown as EventEmitter, 'receiver_close');
    expect([receiver.source, receiver.target].map(String)).toEqual(['null', 'null']);
    const { condition, info } = receiver.error as { condition: string; info: unknown };
    expect([condition, info]).toEqual(['amqp:not-allowed', {}]);
  });

  test.each(['amqps', 'amqp'])('when its address is a whole URI (%s)', async (scheme) => {
    await using client = await admitted();
    const sender = await client.sender({ target: { address: `${scheme}://localhost:${bus.port}/of-a-uri` } });
    await send(sender, 'x');
    expect(bus.entities().map(({ name }) => name)).toEqual(['of-a-uri']);
  });
});

async function send(sender: Sender, body: unknown, fields: object = {}): Promise<void> {
  if (!sender.sendable()) await once(sender as unknown as EventEmitter, 'sendable');
  const accepted = once(sender as unknown as EventEmitter, 'accepted');
  sender.send({ body, ...fields });
  await accepted;
}

test('a request without reply_to is answered over the link of its session to the same node, with an int', async () => {
  await using client = await AmqpClient.connect(bus.port);
  const { 'status-code': code } = encodedFields(await client.putToken(), 'properties');
  expect(type.int).toContain(code?.[0]);
  expect(integerOf(code)).toBe(202);
});

test.each(['jwt', 'servicebus.windows.net:sastoken'])(
  'a token with a wrong signature is refused whatever it is called: %s',
  async (called) => {
    await using client = await AmqpClient.connect(bus.port);
    expect(status(await client.putToken(called, 'another key'))).toBe(401);
    expect(status(await client.putToken(called))).toBe(202);
  },
);

test('each settlement is confirmed with its own outcome', async () => {
  await using client = await admitted();
  const receiver = await client.receiver({ source: { address: 'queue' }, credit_window: 0 });
  const sender = await client.sender({ target: { address: 'queue' } });
  const outcomes = {
    released: outcomeOf('released'),
    modified: outcomeOf('modified'),
    rejected: rejected({ condition: 'any', description: 'bad', info: {} }),
    accepted: outcomeOf('accepted'),
  };
  for (const body of ['first', 'second']) await send(sender, body);
  for (const [outcome, state] of Object.entries(outcomes)) {
    const arrived = once(receiver as unknown as EventEmitter, 'message');
    receiver.add_credit(1);
    const [{ delivery }] = (await arrived) as [{ delivery: Delivery }];
    const settled = once(receiver as unknown as EventEmitter, 'settled');
    // Left unsettled until the server has spoken.
    delivery.update(false, state);
    await settled;
    const confirmed = (delivery.remote_state as object).constructor as unknown as { composite_type: string };
    expect(confirmed.composite_type).toBe(outcome);
  }
});

test('a session filter with a descriptor names its session, and is answered with the descriptor', async () => {
  await using client = await admitted();
  const descriptor = 0x137000000c;
  const named = rhea.types.wrap_described('b', descriptor) as unknown;
  const source = { address: 'sessions', filter: { 'com.microsoft:session-filter': named } };
  const receiver = await client.receiver({ source });
  const filter = receiver.source.filter as Readonly<Record<string, { value: unknown; descriptor: unknown }>>;
  expect(filter['com.microsoft:session-filter']).toMatchObject({
    value: 'b',
    descriptor: { value: descriptor },
  });
});

test('Event Hubs answers a management request that brings its token, and one on an admitted connection', async () => {
  const request = (given: object) => ({
    application_properties: { operation: 'READ', type: 'com.microsoft:eventhub', name: 'hub', ...given },
  });
  const asked = async (given: object): Promise<Buffer> => {
    await using client = await AmqpClient.connect(hubs.port);
    return await client.ask('$management', request(given));
  };
  expect(status(await asked({}))).toBe(401);
  expect(status(await asked({ security_token: token('another key') }))).toBe(401);
  expect(status(await asked({ security_token: token() }))).toBe(200);
  await using client = await admitted(hubs.port);
  expect(status(await client.ask('$management', request({})))).toBe(200);
});

test('Event Hubs describes hubs and partitions in the types that clients expect', async () => {
  await using client = await admitted(hubs.port);
  const read = async (given: object) =>
    encodedFields(
      await client.ask('$management', {
        application_properties: { operation: 'READ', name: 'hub', ...given },
      }),
      'body',
    );
  const hub = await read({ type: 'com.microsoft:eventhub' });
  expect(type.int).toContain(hub['partition_count']?.[0]);
  expect(type.array).toContain(hub['partition_ids']?.[0]);
  const partition = await read({ type: 'com.microsoft:partition', partition: '0' });
  for (const name of ['begin_sequence_number', 'last_enqueued_sequence_number'])
    expect(type.long).toContain(partition[name]?.[0]);
  expect(textOf(partition['last_enqueued_offset'])).toBe('-1');
});
