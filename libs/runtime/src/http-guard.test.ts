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
function refused(guard: ReturnType<typeof httpGuard>, authorization?: string): Record<string, number> {
  const refusals = everyPath.map((path) => [path, guard.refusal(path, authorization)?.status] as const);
  return Object.fromEntries(refusals.filter(([, status]) => status !== undefined)) as Record<string, number>;
}

const all = (status: number) =>
  Object.fromEntries(
    everyPath.filter((path) => !['/livez', '/readyz'].includes(path)).map((path) => [path, status]),
  );

describe('with a token', () => {
  const guard = httpGuard({ token, metricsAnonymous: false }, '127.0.0.1');

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
    const refusal = guard.refusal('/status', 'Bearer guess');
    expect(refusal?.headers).toEqual({ 'www-authenticate': 'Bearer' });
    expect(JSON.stringify(refusal)).not.toMatch(new RegExp(`${token}|guess`));
  });

  test('metrics may be for everyone, and nothing else with them', () => {
    const metrics = httpGuard({ token, metricsAnonymous: true }, '0.0.0.0');
    const { '/metrics': _metrics, ...others } = all(401);
    expect(refused(metrics)).toEqual(others);
    expect(metrics.onlyPaths).toBeUndefined();
  });
});

describe('without a token', () => {
  const access = { token: undefined, metricsAnonymous: false };

  test.each(['127.0.0.1', '127.8.9.10', '::1', '::ffff:127.0.0.1'])('%s is served whole', (listened) => {
    const guard = httpGuard(access, listened);
    expect([refused(guard), guard.onlyPaths]).toEqual([{}, undefined]);
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', '128.0.0.1', 'fe80::1', '::ffff:10.0.0.7', '::2'])(
    '%s has health checks only, whatever is sent',
    (listened) => {
      const guard = httpGuard(access, listened);
      expect([refused(guard), refused(guard, 'Bearer '), refused(guard, 'Bearer undefined')]).toEqual(
        Array(3).fill(all(403)),
      );
      expect(guard.onlyPaths).toEqual(['/livez', '/readyz']);
    },
  );

  test('metrics may be for everyone', () => {
    const guard = httpGuard({ token: undefined, metricsAnonymous: true }, '::');
    const { '/metrics': _metrics, ...others } = all(403);
    expect([refused(guard), guard.onlyPaths]).toEqual([others, ['/livez', '/readyz', '/metrics']]);
  });
});
