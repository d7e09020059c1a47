import { expect, test, vi } from 'vitest';
import { RestartableServer } from './restartable-server.ts';

class FakeServer {
  readonly port: number;
  closed = false;
  constructor(port: number) {
    this.port = port === 0 ? 1234 : port;
  }
  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }
}

async function started(fail?: Error) {
  const servers: FakeServer[] = [];
  const errors: unknown[] = [];
  const host = await RestartableServer.start({
    port: 0,
    start: (port) => {
      if (servers.length > 0 && fail) return Promise.reject(fail);
      servers.push(new FakeServer(port));
      return Promise.resolve(servers.at(-1) as FakeServer);
    },
    onError: (error) => errors.push(error),
  });
  return { host, servers, errors };
}

test('it comes back on the port it had', async () => {
  const { host, servers } = await started();
  await host.restart(0);
  expect(host.server).toBeUndefined();
  await vi.waitFor(() => expect(host.server).toBeDefined());
  expect(servers.map(({ port, closed }) => [port, closed])).toEqual([
    [1234, true],
    [1234, false],
  ]);
  await host.close();
  expect(servers[1]?.closed).toBe(true);
});

test('closed while it is down, it stays down', async () => {
  const { host, servers } = await started();
  await host.restart(3_600_000);
  await host.close();
  expect(servers).toHaveLength(1);
});

test('a port that is lost meanwhile is reported', async () => {
  const lost = new Error('taken');
  const { host, errors } = await started(lost);
  await host.restart(0);
  await vi.waitFor(() => expect(errors).toEqual([lost]));
  await host.close();
});
