import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Metrics, startHttp, type HttpOptions } from '@dstream/runtime';
import { describe, expect, test } from 'vitest';
import { secretsCorpus } from '../support/secrets-corpus.ts';

function options(overrides: Partial<HttpOptions> = {}): HttpOptions {
  return {
    host: '127.0.0.1',
    port: 0,
    configured: true,
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
    await using http = await startHttp(options({ metrics, notReady: () => reason }));
    expect(await get(http.address, '/livez')).toBe('200 alive\n');
    expect(await get(http.address, '/readyz')).toBe('503 not connected yet\n');
    reason = undefined;
    expect(await get(http.address, '/readyz')).toBe('200 ready\n');
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
