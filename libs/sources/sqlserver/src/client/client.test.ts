import { DStreamError } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { ConnectionPool } from './pooled-sql-client.ts';
import { RowFlow, Watchdog } from './row-stream.ts';
import type { SqlConnection } from './sql-connection.ts';
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

  test('a login to a database that is not there is told from a wrong password', () => {
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

  test('an instance that SQL Server Browser does not know is told how to be reached without it', () => {
    const named = { ...scene, place: 'db1\\DEV', asksBrowser: true };
    for (const code of ['EINSTLOOKUP', 'ETIMEOUT'])
      expect(translateError(coded(code), named).message).toMatch(
        /^SQL Server at db1\\DEV cannot be reached: E[A-Z]+; .*SQL Server Browser \(UDP 1434\).* Server=HOST,PORT/,
      );
    expect(translateError(coded('ETIMEOUT'), { ...named, connected: true }).message).not.toContain('Browser');
  });

  test('behind a proxy it is said that SQL Server is reached without it', () => {
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

describe('a flow of rows', () => {
  const flowOf = (limits: { maxRows: number; maxBytes: number }) => {
    const paused: boolean[] = [];
    return { paused, flow: new RowFlow(limits, (p) => paused.push(p)) };
  };

  test('is paused at the limit and goes on when taken', async () => {
    const { flow, paused } = flowOf({ maxRows: 2, maxBytes: 1_000_000 });
    flow.push(0, [1]);
    expect(paused).toEqual([]);
    flow.push(0, [2]);
    flow.push(0, [3]);
    expect(paused).toEqual([true]);
    expect((await flow.take())?.map(({ values }) => values[0])).toEqual([1, 2, 3]);
    expect(paused).toEqual([true, false]);
  });

  test('counts bytes too', () => {
    const { flow, paused } = flowOf({ maxRows: 100, maxBytes: 5_000 });
    flow.push(0, ['x'.repeat(10_000)]);
    expect(paused).toEqual([true]);
  });

  test('gives what is there before it ends, and nothing before it fails', async () => {
    const ended = flowOf({ maxRows: 10, maxBytes: 1_000 }).flow;
    ended.push(0, [1]);
    ended.end();
    expect(await ended.take()).toHaveLength(1);
    expect(await ended.take()).toBeUndefined();
    const failed = flowOf({ maxRows: 10, maxBytes: 1_000 }).flow;
    const waiting = failed.take();
    failed.end(new Error('broken'));
    failed.end(new Error('later'));
    await expect(waiting).rejects.toThrow('broken');
  });
});

describe('the watchdog', () => {
  test('barks after silence, and neither while rows come nor while we have paused', async () => {
    const clock = new ManualClock();
    let barks = 0;
    const dog = new Watchdog(clock, 100, () => (barks += 1));
    await clock.advance(90);
    dog.heard(50);
    await clock.advance(40);
    dog.pause();
    await clock.advance(500);
    dog.resume();
    await clock.advance(40);
    expect(barks).toBe(0);
    await clock.advance(20);
    expect(barks).toBe(1);
    await dog.stop();
    expect(clock.sleeping).toBe(0);
  });
});

describe('the watchdog of a result that stalls midway', () => {
  test('waits only as long as may lie between two rows, however long the first one might have taken', async () => {
    const clock = new ManualClock();
    let barks = 0;
    const dog = new Watchdog(clock, 120_000, () => (barks += 1));
    await clock.advance(10_000);
    dog.heard(30_000);
    await clock.advance(29_999);
    expect(barks).toBe(0);
    await clock.advance(1);
    expect(barks).toBe(1);
    await dog.stop();
    expect(clock.sleeping).toBe(0);
  });
});

describe('the pool', () => {
  const fake = () => {
    const connection = { usable: true, close: () => (connection.usable = false) };
    return connection as unknown as SqlConnection;
  };
  const { signal } = new AbortController();

  test('opens no more than its size, keeps what is healthy and passes turns on in order', async () => {
    let opened = 0;
    const pool = new ConnectionPool(() => Promise.resolve(((opened += 1), fake())), 1);
    const first = await pool.acquire(signal);
    const order: string[] = [];
    const second = pool.acquire(signal).then((c) => (order.push('second'), c));
    const third = pool.acquire(signal).then((c) => (order.push('third'), c));
    pool.release(first);
    const same = await second;
    expect([same === first, order, opened]).toEqual([true, ['second'], 1]);
    same.close();
    pool.release(same);
    expect(await third).not.toBe(first);
    expect(opened).toBe(2);
    pool.close();
  });

  test('who gives up waiting does not take a turn, and a failed opening gives its place back', async () => {
    let fail = true;
    const pool = new ConnectionPool(
      () => (fail ? Promise.reject(new DStreamError('Unreachable', 'no')) : Promise.resolve(fake())),
      1,
    );
    await expect(pool.acquire(signal)).rejects.toThrow('no');
    fail = false;
    const held = await pool.acquire(signal);
    const impatient = new AbortController();
    const waiting = pool.acquire(impatient.signal);
    impatient.abort(new Error('enough'));
    await expect(waiting).rejects.toThrow('enough');
    pool.release(held);
    expect(await pool.acquire(signal)).toBe(held);
  });

  test('who gives up just when its turn comes passes it on and takes nobody from the line', async () => {
    const pool = new ConnectionPool(() => Promise.resolve(fake()), 1);
    const held = await pool.acquire(signal);
    const late = new AbortController();
    const gaveUp = expect(pool.acquire(late.signal)).rejects.toThrow('enough');
    const [second, third] = [pool.acquire(signal), pool.acquire(signal)];
    pool.release(held);
    late.abort(new Error('enough'));
    await gaveUp;
    pool.release(await second);
    expect(await third).toBe(held);
  });
});
