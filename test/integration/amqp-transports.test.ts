/** One port of a broker speaks AMQP plainly, over TLS, over WebSockets, and over WebSockets within TLS. */
import { ServiceBusClient, type ServiceBusClientOptions } from '@azure/service-bus';
import { EventHubProducerClient } from '@azure/event-hubs';
import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { WebSocket as PlainWebSocket } from 'ws';
import { startEventHubs } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import type { LocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

const retryOptions = { maxRetries: 0, timeoutInMs: 3000 };
const path = '/$servicebus/websocket';
const errors: unknown[] = [];
let bus: ServiceBusStandIn;
let certificate: LocalCertificate;

beforeEach(async () => {
  errors.length = 0;
  certificate = await trustedCertificate();
  bus = await startServiceBus({ certificate, onError: (error) => errors.push(error) });
});

afterEach(async () => {
  await bus.close();
  if (errors.length > 0) throw new AggregateError(errors, 'the stand-in reported errors');
});

/** What the connection string says for the service itself: TLS. */
const withoutEmulator = (connectionString: string): string =>
  connectionString.replace('UseDevelopmentEmulator=true;', '');

async function sendAndReceive(connectionString: string, options: ServiceBusClientOptions): Promise<unknown> {
  const client = new ServiceBusClient(connectionString, { retryOptions, ...options });
  try {
    const receiver = client.createReceiver('queue');
    const received = receiver.receiveMessages(1);
    // A queue comes into being when somebody receives from it.
    await receiver.peekMessages(1);
    await client.createSender('queue').sendMessages({ body: 'x'.repeat(200_000) });
    const [message] = await received;
    if (message !== undefined) await receiver.completeMessage(message);
    return message?.body as unknown;
  } finally {
    await client.close();
  }
}

const webSocketOptions = { webSocket: WebSocket };

test.each([
  ['plain TCP', (given: string) => given, {}],
  ['TLS', withoutEmulator, {}],
  ['WebSockets within TLS', withoutEmulator, { webSocketOptions }],
  ['WebSockets within TLS, to the emulator', (given: string) => given, { webSocketOptions }],
])('a client sends and receives over %s', async (_, change, options) => {
  expect(await sendAndReceive(change(bus.connectionString), options)).toHaveLength(200_000);
});

test('Event Hubs takes WebSockets, too', async () => {
  const hubs = await startEventHubs({ certificate });
  const client = new EventHubProducerClient(withoutEmulator(hubs.connectionString), 'hub', {
    retryOptions,
    webSocketOptions,
  });
  try {
    await client.sendBatch([{ body: 'x' }], { partitionId: '0' });
    expect(hubs.events('hub').map(({ partition }) => partition)).toEqual(['0']);
  } finally {
    await client.close();
    await hubs.close();
  }
});

test.each(['AMQPWSB10', 'amqp'])('a WebSocket without TLS may ask for the subprotocol %s', async (name) => {
  const socket = new PlainWebSocket(`ws://127.0.0.1:${bus.port}${path}`, [name]);
  await once(socket, 'open');
  expect(socket.protocol).toBe(name);
  const saslHeader = Buffer.from('AMQP\x03\x01\x00\x00', 'latin1');
  socket.send(saslHeader);
  const [answer] = (await once(socket, 'message')) as [Buffer];
  expect(answer.subarray(0, 8)).toEqual(saslHeader);
  socket.terminate();
});

test.each([
  ['another path', '/elsewhere', ['AMQPWSB10'], 404],
  ['another subprotocol', path, ['mqtt'], 400],
  ['no subprotocol', path, [], 400],
])('a WebSocket with %s is refused', async (_, at, names, status) => {
  const socket = new PlainWebSocket(`ws://127.0.0.1:${bus.port}${at}`, names);
  const [error] = (await once(socket, 'error')) as [Error];
  expect(error.message).toContain(String(status));
});

test('a request that is no WebSocket is told what to ask for', async () => {
  const response = await fetch(`http://127.0.0.1:${bus.port}${path}`);
  expect([response.status, response.headers.get('upgrade')]).toEqual([426, 'websocket']);
});

test.each([
  ['before it said anything', ''],
  ['in the middle of a TLS handshake', '\x16\x03\x01'],
  ['after the request of a WebSocket has begun', 'GET /'],
])('a client that leaves %s leaves nothing behind', async (_, said) => {
  const socket = connect(bus.port, '127.0.0.1');
  await once(socket, 'connect');
  socket.end(Buffer.from(said, 'latin1'));
  await text(socket);
  await expect.poll(() => bus.counters().openConnections).toBe(0);
});
