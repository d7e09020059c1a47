/** The checks of the block `service`, with real ports of this machine. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Configuration, ServiceConfig } from '@dstream/config';
import type { CheckResult } from '@dstream/core';
import { expect, onTestFinished, test } from 'vitest';
import { serviceChecks } from '../../apps/dstream/src/check/service-checks.ts';
import { openMuteServer } from '../support/mute-server.ts';

async function check(http: ServiceConfig['http'], httpConfigured = true): Promise<readonly string[]> {
  const service = { http, httpConfigured, token: undefined, metricsAnonymous: false };
  const { checks } = serviceChecks({ service } as unknown as Configuration);
  const results: CheckResult[] = [];
  for await (const result of checks?.({ signal: new AbortController().signal }) ?? []) results.push(result);
  return results.map(({ outcome, check: name, message }) => `${outcome} ${name}: ${message}`);
}

/** Answers `/livez` as a dstream does. */
async function running(): Promise<number> {
  const server = createServer((_, response) => response.end('alive\n')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  });
  return (server.address() as AddressInfo).port;
}

const host = '127.0.0.1';
const everything = 'passed service.token: no token: everything is served, on 127.0.0.1 only';

test('a free port passes, and is free again afterwards', async () => {
  const other = await openMuteServer();
  const { port } = other;
  await other[Symbol.asyncDispose]();
  const found = [`passed service.http: 127.0.0.1:${port} is free`, everything];
  expect(await check({ host, port })).toEqual(found);
  expect(await check({ host, port })).toEqual(found);
});

test('a port on which dstream runs passes, also where all addresses are meant', async () => {
  const port = await running();
  expect(await check({ host, port })).toEqual([
    `passed service.http: dstream is running at http://127.0.0.1:${port}`,
  ]);
  expect(await check({ host: '0.0.0.0', port })).toEqual([
    `passed service.http: dstream is running at http://127.0.0.1:${port}`,
  ]);
});

test('a port that something else has fails where it was configured', async () => {
  await using other = await openMuteServer();
  const { port } = other;
  const taken = `service.http: 127.0.0.1:${port} is taken by another process, which is not dstream`;
  expect(await check({ host, port })).toEqual([`failed ${taken}`]);
  expect(await check({ host, port }, false)).toEqual([
    `warned ${taken}: a service takes any free port instead`,
  ]);
});

test('an address of another machine fails', async () => {
  expect(await check({ host: '192.0.2.1', port: 8080 })).toEqual([
    'failed service.http: 192.0.2.1:8080 cannot be listened on here (EADDRNOTAVAIL)',
  ]);
});

test('any port, and none at all, pass', async () => {
  expect(await check({ host, port: 0 })).toEqual([
    'passed service.http: port 0: any free port is taken',
    everything,
  ]);
  expect(await check(undefined)).toEqual(['passed service.http: http = "": nothing is served']);
});

test('every address without a token is a warning', async () => {
  expect((await check({ host: '0.0.0.0', port: 0 }))[1]).toBe(
    'warned service.token: no token, and 0.0.0.0 is not loopback: only /livez /readyz are served',
  );
});
