import { once } from 'node:events';
import { createServer, request, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { text } from 'node:stream/consumers';
import { Metrics, startHttp, type HttpOptions } from '@dstream/runtime';
import { describe, expect, test } from 'vitest';
import { secretsCorpus } from '../support/secrets-corpus.ts';

function options(overrides: Partial<HttpOptions> = {}): HttpOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    configured: true,
    access: { token: undefined, metricsAnonymous: false },
    notAlive: () => undefined,
    metrics: new Metrics(),
    notReady: () => undefined,
    status: () => ({ tables: [] }),
    redact: (text) => text,
    ...overrides,
  };
}

async function get(address: string, path: string, method = 'GET'): Promise<string> {
  const response = await fetch(`${address}${path}`, { method });
  return `${response.status} ${await response.text()}`;
}

async function takenPort(): Promise<{ port: number; server: Server }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { port: (server.address() as AddressInfo).port, server };
}

describe('the HTTP endpoint', () => {
  test('answers for the process: alive, ready, status, metrics', async () => {
    const metrics = new Metrics();
    metrics.counter('dstream_things_total', 'Things', []).inc(3);
    let reason: string | undefined = 'not connected yet';
    let stuck: string | undefined;
    await using http = await startHttp(options({ metrics, notReady: () => reason, notAlive: () => stuck }));
    expect(await get(http.address, '/livez')).toBe('200 alive\n');
    expect(await get(http.address, '/readyz')).toBe('503 not connected yet\n');
    reason = undefined;
    expect(await get(http.address, '/readyz')).toBe('200 ready\n');
    stuck = 'aborted';
    expect(await get(http.address, '/livez')).toBe('503 aborted\n');
    expect(await get(http.address, '/status?x=1')).toBe('200 {"tables":[]}\n');
    expect(await get(http.address, '/metrics')).toContain('dstream_things_total 3');
    expect(await get(http.address, '/etc/passwd')).toMatch(/^404 /);
    expect(await get(http.address, '/status', 'POST')).toMatch(/^405 /);
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((list) =>
    list?.some(({ family }) => family === 'IPv6'),
  );

  test.runIf(hasIpv6)('every address is every address of both families', async () => {
    await using http = await startHttp(options({ host: '::' }));
    const { port } = new URL(http.address);
    expect(http.address).toBe(`http://[::]:${port}`);
    expect(await get(`http://127.0.0.1:${port}`, '/livez')).toBe('200 alive\n');
    expect(await get(`http://[::1]:${port}`, '/livez')).toBe('200 alive\n');
  });

  const paths = ['/livez', '/readyz', '/status', '/metrics', '/unknown'];
  const statuses = async (address: string, authorization = '') =>
    Promise.all(
      paths.map(async (path) => (await fetch(`${address}${path}`, { headers: { authorization } })).status),
    );

  test('with a token everything but health checks asks for it, whatever the method', async () => {
    const token = 'correct-horse-battery';
    await using http = await startHttp(options({ access: { token, metricsAnonymous: false } }));
    expect(await statuses(http.address)).toEqual([200, 200, 401, 401, 401]);
    expect(await statuses(http.address, 'Bearer wrong-horse-battery')).toEqual([200, 200, 401, 401, 401]);
    expect(await statuses(http.address, `Bearer ${token}`)).toEqual([200, 200, 200, 200, 404]);
    const refused = await fetch(`${http.address}/status`, { method: 'POST' });
    expect([refused.status, refused.headers.get('www-authenticate')]).toEqual([401, 'Bearer']);
    expect(await refused.text()).toBe('send the token of service { token } as Authorization: Bearer\n');
  });

  test('without a token an address that is not loopback serves health checks, and metrics if they are for everyone', async () => {
    const access = { token: undefined, metricsAnonymous: false };
    await using closed = await startHttp(options({ host: '0.0.0.0', access }));
    expect([await statuses(closed.address), closed.onlyPaths]).toEqual([
      [200, 200, 403, 403, 403],
      ['/livez', '/readyz'],
    ]);
    expect(await get(closed.address, '/status')).toMatch(/^403 .*set service \{ token \}.*\n$/);
    const anonymous = { ...access, metricsAnonymous: true };
    await using metrics = await startHttp(options({ host: '0.0.0.0', access: anonymous }));
    expect(await statuses(metrics.address)).toEqual([200, 200, 403, 200, 403]);
  });

  test('a name that stands for a loopback address is one', async () => {
    await using http = await startHttp(options({ host: 'localhost' }));
    expect([await statuses(http.address), http.onlyPaths]).toEqual([[200, 200, 200, 200, 404], undefined]);
  });

  test('a web page that lets its own name stand for loopback reads nothing but health checks', async () => {
    await using http = await startHttp(options());
    const ask = async (path: string, host: string) => {
      const [response] = (await once(
        request(`${http.address}${path}`, { headers: { host } }).end(),
        'response',
      )) as [IncomingMessage];
      return [response.statusCode, await text(response)];
    };
    expect(await ask('/status', 'localhost')).toEqual([200, '{"tables":[]}\n']);
    expect(await ask('/livez', 'page.example.org:8080')).toEqual([200, 'alive\n']);
    expect(await ask('/status', 'page.example.org:8080')).toEqual([
      421,
      'not served under this host name: ask by localhost or an IP address, or set service { token }\n',
    ]);
  });

  test.each(secretsCorpus)('shows no secret of a fault, known or not: %s', async (_, text, ...secrets) => {
    const redact = (line: string) => line.replaceAll('known-one', '[secret]');
    const status = () => ({ tables: [{ fault: { message: text } }], known: 'known-one' });
    await using http = await startHttp(options({ status, redact }));
    const shown = await get(http.address, '/status');
    for (const secret of [...secrets, 'known-one']) expect(shown).not.toContain(secret);
    expect(JSON.parse(shown.slice(4))).toMatchObject({ known: '[secret]' });
  });

  test('a taken default port is replaced, a taken configured one is an error that names it', async () => {
    const { port, server } = await takenPort();
    await using _closing = {
      [Symbol.asyncDispose]: () => new Promise<void>((done) => server.close(() => done())),
    };
    await using http = await startHttp(options({ port, configured: false }));
    expect(http.replaced).toBe(true);
    expect(await get(http.address, '/livez')).toBe('200 alive\n');
    await expect(startHttp(options({ port }))).rejects.toMatchObject({
      code: 'PortInUse',
      message: `service.http: 127.0.0.1:${port} is taken by another process: choose another, or port 0`,
    });
  });
});
