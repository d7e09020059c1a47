import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createServer as createSecureServer, setDefaultCACertificates } from 'node:tls';
import { checkReach, type ReachTarget } from '@dstream/runtime/reach';
import { makeLocalCertificate } from '@dstream/stand-in-certificate';
import { describe, expect, test } from 'vitest';
import { startConnectProxy } from '../support/connect-proxy.ts';
import { openMuteServer } from '../support/mute-server.ts';

const { signal } = new AbortController();
const secretProxy = (port: number) => `http://me:hunter2@127.0.0.1:${port}`;

interface Found {
  readonly reached: boolean;
  readonly lines: readonly string[];
}

/** Each result as one line, with its remedy. */
async function reach(target: ReachTarget, env = {}, limitMs = 10_000): Promise<Found> {
  const checks = checkReach(target, { signal, env, limitMs });
  const lines: string[] = [];
  for (;;) {
    const next = await checks.next();
    if (next.done === true) return { reached: next.value, lines };
    const { outcome, check, subject, message } = next.value;
    lines.push(`${outcome} ${check} ${subject}: ${message}`);
    if ('remedy' in next.value) lines.push(next.value.remedy.text);
  }
}

async function listening(server: Server | ReturnType<typeof createSecureServer>, host = '127.0.0.1') {
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      server.close();
      if ('closeAllConnections' in server) server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function secureServer(host = '127.0.0.1') {
  const certificate = await makeLocalCertificate();
  return {
    ...(await listening(
      createSecureServer(certificate, (socket) => void socket.resume()),
      host,
    )),
    certificate,
  };
}

describe('an address', () => {
  test('is reached where its port is open, and nothing is sent to it', async () => {
    await using server = await openMuteServer();
    const at = `127.0.0.1:${server.port}`;
    expect(await reach({ host: '127.0.0.1', port: server.port, tls: false })).toEqual({
      reached: true,
      lines: [
        'passed network.resolve 127.0.0.1: 127.0.0.1 is an address; no name to resolve',
        `passed network.connect ${at}: a connection to ${at} opens`,
      ],
    });
  });

  test('is not where nothing listens', async () => {
    const server = await openMuteServer();
    await server[Symbol.asyncDispose]();
    const { reached, lines } = await reach({ host: '127.0.0.1', port: server.port, tls: true, hint: 'x' });
    const at = `127.0.0.1:${server.port}`;
    expect(reached).toBe(false);
    expect(lines.slice(1)).toEqual([
      `failed network.connect ${at}: no connection to ${at}: nothing listens there (ECONNREFUSED)`,
      'check host and port, and that the service runs; x',
    ]);
  });

  test('is not where no TLS handshake is completed in time', async () => {
    await using server = await openMuteServer();
    const { reached, lines } = await reach({ host: '127.0.0.1', port: server.port, tls: true }, {}, 50);
    const at = `127.0.0.1:${server.port}`;
    expect(reached).toBe(false);
    expect(lines.slice(2)).toEqual([
      `failed network.tls ${at}: ${at} does not complete a TLS handshake (ETIMEDOUT)`,
      'check that the port is the one for TLS, and that no firewall or proxy on the network path blocks TLS',
    ]);
  });

  test('ends at once on an abort', async () => {
    await using server = await openMuteServer();
    const stop = new AbortController();
    const reason = new Error('stopped');
    const checks = checkReach({ host: '127.0.0.1', port: server.port, tls: true }, { signal: stop.signal });
    await checks.next();
    await checks.next();
    const handshake = checks.next();
    stop.abort(reason);
    await expect(handshake).rejects.toBe(reason);
  });
});

describe('a certificate', () => {
  test('is not trusted before its authority is, and is then', async () => {
    await using server = await secureServer();
    const target = { host: 'localhost', port: server.port, tls: true };
    expect((await reach(target)).lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^failed network\.tls localhost:\d+: the certificate of localhost, issued by localhost, is not trusted \(DEPTH_ZERO_SELF_SIGNED_CERT\)$/,
        ),
      ]),
    );
    setDefaultCACertificates([server.certificate.cert]);
    const { reached, lines } = await reach(target);
    expect(reached).toBe(true);
    expect(lines.at(-1)).toMatch(
      /^passed network\.tls localhost:\d+: TLSv1\.3, certificate of localhost valid until \d{4}-\d\d-\d\d$/,
    );
  });

  test('of another name fails', async () => {
    await using server = await secureServer('127.0.0.2');
    setDefaultCACertificates([server.certificate.cert]);
    const { reached, lines } = await reach({ host: '127.0.0.2', port: server.port, tls: true });
    expect(reached).toBe(false);
    expect(lines.at(-2)).toMatch(
      /: the certificate is not for 127\.0\.0\.2, but for localhost, 127\.0\.0\.1$/,
    );
  });
});

describe('a proxy', () => {
  test('is named, and the certificate behind it is judged', async () => {
    await using server = await secureServer();
    await using proxy = await startConnectProxy();
    setDefaultCACertificates([server.certificate.cert]);
    const proxyPort = Number(new URL(proxy.url).port);
    const env = { HTTPS_PROXY: secretProxy(proxyPort) };
    const target = { host: 'localhost', port: server.port, tls: true, usesProxy: true };
    const { reached, lines } = await reach(target, env);
    expect(reached).toBe(true);
    expect(lines.slice(1, 3)).toEqual([
      `passed network.connect 127.0.0.1:${proxyPort}: a connection to 127.0.0.1:${proxyPort} opens`,
      `passed network.proxy localhost:${server.port}: connections to localhost:${server.port} go through the proxy 127.0.0.1:${proxyPort} of HTTPS_PROXY`,
    ]);
    expect(lines[3]).toMatch(/^passed network\.tls /);
    expect(proxy.tunnels).toEqual([`localhost:${server.port}`]);
  });

  test.each([
    [407, 'write user and password of the proxy into HTTPS_PROXY: http://USER:PASSWORD@'],
    [403, 'allow hook.example:443 at the proxy, or add hook.example to NO_PROXY'],
  ])('that answers %s fails, without its password', async (status, remedy) => {
    const refusing = createServer().on('connect', (_, socket) => {
      socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
    });
    await using server = await listening(refusing);
    const env = { HTTPS_PROXY: secretProxy(server.port) };
    const { reached, lines } = await reach(
      { host: 'hook.example', port: 443, tls: true, usesProxy: true },
      env,
    );
    expect(reached).toBe(false);
    expect(lines.at(-2)).toBe(
      `failed network.proxy hook.example:443: the proxy 127.0.0.1:${server.port} of HTTPS_PROXY refuses a connection to hook.example:443 with status ${status}`,
    );
    expect(lines.at(-1)).toContain(remedy);
    expect(lines.join('\n')).not.toContain('hunter2');
  });
});
