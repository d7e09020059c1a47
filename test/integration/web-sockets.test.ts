/** AMQP over WebSockets, with and without a proxy: the adapters' own clients on the stand-ins. */
import { openClient, translateError } from '@dstream/service-bus';
import { afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest';
import { openProducer } from '../../libs/outputs/src/event-hubs/producer.ts';
import { startEventHubs } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import { startServiceBus } from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

const proxyVariables = ['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy', 'HTTP_PROXY', 'http_proxy'];
const abortSignal = new AbortController().signal;

beforeEach(() => {
  for (const name of [...proxyVariables, 'NO_PROXY', 'no_proxy']) vi.stubEnv(name, undefined);
});

afterEach(() => vi.unstubAllEnvs());

/** As the service itself is reached: over TLS. */
function withTls(connectionString: string): string {
  return connectionString.replace('UseDevelopmentEmulator=true;', '').replace('127.0.0.1', 'localhost');
}

async function aServiceBus(): Promise<{ readonly connectionString: string; readonly port: number }> {
  const bus = await startServiceBus({ certificate: await trustedCertificate() });
  onTestFinished(() => bus.close());
  return { connectionString: withTls(bus.connectionString), port: bus.port };
}

async function sendAndReceive(connectionString: string): Promise<unknown> {
  const client = openClient({ connectionString, transport: 'websockets' }, 5_000);
  try {
    const receiver = client.createReceiver('queue', { receiveMode: 'receiveAndDelete' });
    await receiver.peekMessages(1); // a queue comes into being when somebody receives from it
    await client.createSender('queue').sendMessages({ body: 'a change' });
    const [message] = await receiver.receiveMessages(1);
    return message?.body as unknown;
  } finally {
    await client.close();
  }
}

describe('Service Bus over WebSockets', () => {
  test('is reached directly where no variable names a proxy', async () => {
    const { connectionString } = await aServiceBus();
    expect(await sendAndReceive(connectionString)).toBe('a change');
  });

  test.each(['HTTPS_PROXY', 'all_proxy', 'HTTP_PROXY'])(
    'is reached through the proxy of %s',
    async (name) => {
      const { connectionString, port } = await aServiceBus();
      await using proxy = await startConnectProxy();
      vi.stubEnv(name, proxy.url);
      expect(await sendAndReceive(connectionString)).toBe('a change');
      expect(new Set(proxy.tunnels)).toEqual(new Set([`localhost:${port}`]));
    },
  );

  test('is reached directly where NO_PROXY names its host', async () => {
    const { connectionString } = await aServiceBus();
    await using proxy = await startConnectProxy();
    vi.stubEnv('HTTPS_PROXY', proxy.url);
    vi.stubEnv('NO_PROXY', 'example.com,localhost');
    expect(await sendAndReceive(connectionString)).toBe('a change');
    expect(proxy.tunnels).toEqual([]);
  });

  test('is unreachable with a proxy that is not there, and the error names the variable, not its value', async () => {
    const { connectionString } = await aServiceBus();
    vi.stubEnv('HTTPS_PROXY', 'http://user:open-sesame@127.0.0.1:9');
    const error = await sendAndReceive(connectionString).catch((caught: unknown) =>
      translateError(caught, { tried: 'send to', entity: 'queue queue' }),
    );
    expect(error).toMatchObject({
      code: 'Unreachable',
      message: expect.stringMatching(/HTTPS_PROXY.*transport = "websockets"/),
    });
    expect((error as Error).message).not.toContain('sesame');
  });
});

test('an event hub is reached over WebSockets through the proxy', async () => {
  const hubs = await startEventHubs({ certificate: await trustedCertificate() });
  onTestFinished(() => hubs.close());
  await using proxy = await startConnectProxy();
  vi.stubEnv('HTTPS_PROXY', proxy.url);
  const address = { connectionString: withTls(hubs.connectionString), transport: 'websockets' } as const;
  const producer = openProducer(address, 'hub', 5_000);
  try {
    const batch = await producer.createBatch({ partitionId: '0', abortSignal });
    batch.tryAdd({ body: 'a change' });
    await producer.sendBatch(batch, { abortSignal });
  } finally {
    await producer.close();
  }
  expect(hubs.events('hub')).toHaveLength(1);
  expect(proxy.tunnels.length).toBeGreaterThan(0);
});
