import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { sqlNumbers, translateError } from './sql-errors.ts';

const scene = { place: 'db1', database: 'shop', who: { user: 'sa' } };
const sqlError = (number: number) =>
  Object.assign(new Error('what the server said'), { number, code: 'EREQUEST' });
const coded = (code: string, cause?: unknown) => Object.assign(new Error('driver text', { cause }), { code });

describe('an error', () => {
  test.each([
    [sqlError(229), 'PermissionDenied'],
    [sqlError(1205), 'Transient'],
    [sqlError(1222), 'Transient'],
    [sqlError(40501), 'Throttled'],
    [sqlError(40613), 'Unreachable'],
    [sqlError(22901), 'CdcNotEnabled'],
    [sqlError(8134), 'Unexpected'],
    [new AggregateError([sqlError(3609), sqlError(1205)]), 'Transient'],
    [coded('ESOCKET', coded('ECONNREFUSED')), 'Unreachable'],
    [coded('ETIMEOUT'), 'Unreachable'],
    [coded('EINSTLOOKUP'), 'Unreachable'],
    [coded('ESOCKET', coded('DEPTH_ZERO_SELF_SIGNED_CERT')), 'ConfigInvalid'],
    [coded('ELOGIN'), 'LoginFailed'],
    [new TypeError('a bug of ours'), 'Unexpected'],
  ])('%s becomes %s', (error, code) => {
    const translated = translateError(error, scene);
    expect(translated.code).toBe(code);
    expect(translated.cause).toBe(error);
  });

  test('a login to a missing database is distinguished from a wrong password', () => {
    expect(translateError(coded('ELOGIN'), { ...scene, loginNumbers: [4060, 18456] }).code).toBe(
      'DatabaseNotFound',
    );
    expect(translateError(coded('ELOGIN'), { ...scene, loginNumbers: [18456] }).code).toBe('LoginFailed');
  });

  test('of a connection that there was says that it was lost, not that there is none to be had', () => {
    const cut = coded('ESOCKET', coded('ECONNRESET'));
    expect(translateError(cut, { ...scene, connected: true })).toMatchObject({
      code: 'Unreachable',
      message: 'the connection to SQL Server at db1 was lost: ECONNRESET',
    });
    expect(translateError(cut, scene).message).toBe('SQL Server at db1 cannot be reached: ECONNRESET');
  });

  test('the error for an instance that SQL Server Browser does not know names the way without it', () => {
    const named = { ...scene, place: 'db1\\DEV', asksBrowser: true };
    for (const code of ['EINSTLOOKUP', 'ETIMEOUT'])
      expect(translateError(coded(code), named).message).toMatch(
        /^SQL Server at db1\\DEV cannot be reached: E[A-Z]+; .*SQL Server Browser \(UDP 1434\).* Server=HOST,PORT/,
      );
    expect(translateError(coded('ETIMEOUT'), { ...named, connected: true }).message).not.toContain('Browser');
  });

  test('the error names a proxy variable that connections to SQL Server do not use', () => {
    vi.stubEnv('HTTPS_PROXY', 'http://user:open-sesame@proxy:8080');
    onTestFinished(() => void vi.unstubAllEnvs());
    const { message } = translateError(coded('ETIMEOUT'), scene);
    expect(message).toMatch(
      /ETIMEOUT; HTTPS_PROXY is set, but connections to SQL Server do not use a proxy$/,
    );
  });

  test('keeps its number for who asks', () => {
    expect(sqlNumbers(translateError(new AggregateError([sqlError(208), sqlError(313)]), scene))).toEqual([
      208, 313,
    ]);
  });
});
