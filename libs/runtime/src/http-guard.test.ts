import { describe, expect, test } from 'vitest';
import { httpGuard } from './http-guard.ts';

const token = 'correct-horse-battery';
const everyPath = [
  '/livez',
  '/readyz',
  '/status',
  '/metrics',
  '/',
  '/unknown',
  '/livez/',
  '//livez',
  '/STATUS',
];

/** The status of the refusal of each path that is refused. */
function refused(
  guard: ReturnType<typeof httpGuard>,
  authorization?: string,
  host?: string,
): Record<string, number> {
  const refusals = everyPath.map((path) => [path, guard.refusal(path, authorization, host)?.status] as const);
  return Object.fromEntries(refusals.filter(([, status]) => status !== undefined)) as Record<string, number>;
}

const at = (address: string) => ({ address, host: address });

const all = (status: number) =>
  Object.fromEntries(
    everyPath.filter((path) => !['/livez', '/readyz'].includes(path)).map((path) => [path, status]),
  );

describe('with a token', () => {
  const guard = httpGuard({ token, metricsAnonymous: false }, at('127.0.0.1'));

  test.each([
    undefined,
    '',
    token,
    'Bearer',
    'Bearer ',
    `Basic ${token}`,
    `Bearer ${token}x`,
    `Bearer ${token.slice(0, -1)}`,
    `Bearer ${token.toUpperCase()}`,
    `Bearer ${token} ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    `xBearer ${token}`,
  ])('everything but health checks is refused without it: %j', (authorization) => {
    expect(refused(guard, authorization)).toEqual(all(401));
  });

  test.each([`Bearer ${token}`, `bearer ${token}`, `BEARER  ${token} `])('%j is it', (authorization) => {
    expect(refused(guard, authorization)).toEqual({});
  });

  test('the refusal names the scheme, and not the token', () => {
    const refusal = guard.refusal('/status', 'Bearer guess', undefined);
    expect(refusal?.headers).toEqual({ 'www-authenticate': 'Bearer' });
    expect(JSON.stringify(refusal)).not.toMatch(new RegExp(`${token}|guess`));
  });

  test('metrics may be for everyone, and nothing else with them', () => {
    const metrics = httpGuard({ token, metricsAnonymous: true }, at('0.0.0.0'));
    const { '/metrics': _metrics, ...others } = all(401);
    expect(refused(metrics, undefined, 'dstream.example.org')).toEqual(others);
    expect(metrics.onlyPaths).toBeUndefined();
  });
});

describe('without a token', () => {
  const access = { token: undefined, metricsAnonymous: false };

  test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is served whole', (listened) => {
    const guard = httpGuard(access, at(listened));
    expect([refused(guard), guard.onlyPaths]).toEqual([{}, undefined]);
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', '128.0.0.1', 'fe80::1', '::ffff:10.0.0.7', '::2'])(
    '%s has health checks only, whatever is sent',
    (listened) => {
      const guard = httpGuard(access, at(listened));
      expect([refused(guard), refused(guard, 'Bearer '), refused(guard, 'Bearer undefined')]).toEqual(
        Array(3).fill(all(403)),
      );
      expect(guard.onlyPaths).toEqual(['/livez', '/readyz']);
    },
  );

  test('metrics may be for everyone', () => {
    const guard = httpGuard({ token: undefined, metricsAnonymous: true }, at('::'));
    const { '/metrics': _metrics, ...others } = all(403);
    expect([refused(guard), guard.onlyPaths]).toEqual([others, ['/livez', '/readyz', '/metrics']]);
  });

  const configured = { address: '127.0.0.1', host: 'dstream.example.net' };

  test.each([
    '127.0.0.1:8080',
    '127.0.0.1',
    '[::1]:8080',
    '[::ffff:127.0.0.1]:80',
    'localhost:8080',
    'LOCALHOST',
    'shop.localhost:1',
    'shop',
  ])('loopback answers under its own name: %s', (host) => {
    expect(refused(httpGuard(access, configured), undefined, host)).toEqual({});
  });

  test('loopback answers under the name that is configured', () => {
    expect(refused(httpGuard(access, configured), undefined, 'DStream.example.net:8080')).toEqual({});
  });

  test.each([
    'evil.example.org',
    'evil.example.org:8080',
    '127.0.0.1.example.org',
    'localhost.example.org:80',
    'localhost.',
  ])(
    'a name of the public DNS is not one of loopback, whose web page could let it stand for it: %s',
    (host) => {
      expect(refused(httpGuard(access, configured), undefined, host)).toEqual(all(421));
    },
  );

  test('who has the token may ask under any name', () => {
    const guard = httpGuard({ ...access, token }, configured);
    expect(refused(guard, `Bearer ${token}`, 'dstream.example.org')).toEqual({});
  });
});
