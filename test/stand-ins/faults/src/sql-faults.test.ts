import { beforeEach, describe, expect, test } from 'vitest';
import type { GateVerdict } from '@dstream/stand-in-sql-server';
import { injectedMessage } from './injected-message.ts';
import { SqlFaults } from './sql-faults.ts';

const connection = { id: 1 };
const login = { user: 'sa', database: 'shop', appName: '', hostName: '', encrypted: true };
const signal = new AbortController().signal;

let nowMs = 0;
let faults: SqlFaults;

beforeEach(() => {
  nowMs = 0;
  faults = new SqlFaults({ now: () => nowMs, onFailure: () => undefined });
});

const run = (text: string, id = 1): Promise<GateVerdict> | undefined =>
  faults.gate.statement?.({ id }, { kind: 'batch', text }, signal);

const packet = (rows: number, ended = signal, packets = 1): Promise<GateVerdict> | undefined =>
  faults.gate.rowPacket?.(connection, { rows, packets }, ended);

const logIn = (): Promise<GateVerdict> | undefined => faults.gate.login?.(connection, login, signal);

/** Whether a promise has settled, after everything that could settle it now. */
async function settled(promise: Promise<unknown> | undefined): Promise<boolean> {
  return Promise.race([
    Promise.resolve(promise).then(() => true),
    new Promise<false>((no) => setImmediate(no, false)),
  ]);
}

describe('statements', () => {
  test('the next two that match are answered with the error, the third runs', async () => {
    const message = injectedMessage({ number: 1205 });
    faults.onStatement(/fn_cdc/i, { kind: 'fail', message }, 2);
    expect(await run('SELECT 1')).toBeUndefined();
    expect(await run('SELECT * FROM cdc.FN_CDC_x()')).toEqual({ answer: message });
    expect(await run('fn_cdc')).toEqual({ answer: message });
    expect(await run('fn_cdc')).toBeUndefined();
    expect(message).toMatchObject({ number: 1205, severity: 13 });
  });

  test('a drop cuts the connection', async () => {
    faults.onStatement(/INSERT/, { kind: 'drop' });
    expect(await run('INSERT T')).toEqual({ drop: true });
  });

  test('a delay ends when the faults are cleared', async () => {
    faults.onStatement(/SELECT/, { kind: 'delay', ms: 3_600_000 });
    const waiting = run('SELECT 1');
    expect(await settled(waiting)).toBe(false);
    faults.clear();
    expect(await waiting).toBeUndefined();
  });

  test('a result stalls after its first packet, once it has so many rows, until its client gives up', async () => {
    faults.onStatement(/SELECT/, { kind: 'stall', afterRows: 100, ms: undefined });
    await run('SELECT * FROM T');
    expect(await settled(packet(50))).toBe(true);
    expect(await settled(packet(150, signal, 0))).toBe(true);
    const client = new AbortController();
    const stalled = packet(150, client.signal);
    expect(await settled(stalled)).toBe(false);
    client.abort();
    expect(await stalled).toBeUndefined();
  });

  test('a connection is cut in the middle of its result', async () => {
    faults.onStatement(/SELECT/, { kind: 'drop-result', afterRows: 100 });
    await run('SELECT * FROM T');
    expect(await packet(50)).toBeUndefined();
    expect(await packet(150)).toEqual({ drop: true });
    expect(packet(151)).toBeUndefined();
  });

  test('without a stall the server is not asked packet by packet', async () => {
    expect(packet(1)).toBeUndefined();
    faults.onStatement(/SELECT/, { kind: 'stall', afterRows: 0, ms: undefined });
    await run('SELECT 1');
    expect(packet(1, signal, 0)).toBeDefined();
    await run('SELECT 2');
    expect(packet(1)).toBeUndefined();
  });

  test('a stall belongs to the connection and the statement that met it', async () => {
    faults.onStatement(/SELECT/, { kind: 'stall', afterRows: 0, ms: undefined });
    await run('SELECT * FROM T', 2);
    expect(await settled(packet(10))).toBe(true);
    await run('SELECT * FROM T', 2);
    expect(await settled(faults.gate.rowPacket?.({ id: 2 }, { rows: 10, packets: 1 }, signal))).toBe(true);
  });
});

describe('logins', () => {
  test('are refused until the time is over', async () => {
    faults.refuseLogins(1000);
    nowMs = 999;
    expect(await logIn()).toMatchObject({ answer: { number: 18_456 } });
    nowMs = 1000;
    expect(await logIn()).toBeUndefined();
  });

  test('are refused with the error that is asked for, or cut', async () => {
    faults.refuseLogins(1000, 40_613);
    expect(await logIn()).toMatchObject({ answer: { number: 40_613 } });
    faults.cutLogins(1000);
    expect(await logIn()).toEqual({ drop: true });
    faults.cutLogins(0);
    expect(await logIn()).toBeUndefined();
  });
});

test('what connections do is counted, and forgotten by a reset', () => {
  const { observer } = faults;
  observer.connected?.(connection);
  observer.login?.(connection, login, true);
  observer.login?.(connection, login, false);
  observer.statement?.(connection, { kind: 'batch', text: 'SELECT 1' });
  observer.attention?.(connection);
  expect(faults.counters()).toEqual({
    connections: 1,
    logins: 1,
    loginsRefused: 1,
    attentions: 1,
    failures: 0,
    statements: 1,
    statementsByText: { 'SELECT ?': 1 },
  });
  faults.resetCounters();
  expect(faults.counters().statements).toBe(0);
});
