import { DStreamError } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { operatorLog } from '../../../test/support/operator-log.ts';
import { ProbeTurns, SharedFailureLog } from './shared-failure-log.ts';

function rig() {
  const { log, lines } = operatorLog();
  const clock = new ManualClock();
  return { lines, clock, failures: new SharedFailureLog('reading tables', 'tables', log, clock) };
}

const away = new DStreamError('Unreachable', 'nobody answers');
const cut = new DStreamError('Transient', 'the connection was cut');

describe('the failure of what many depend on', () => {
  test('is one error line when it begins and one line when the last works again, with their number', async () => {
    const { lines, clock, failures } = rig();
    const parts = Array.from({ length: 20 }, (_, n) => failures.part(`dbo.T${n}`));
    for (let i = 0; i < 3; i += 1) {
      for (const [n, part] of parts.entries()) part.failed(n % 2 === 0 ? away : cut);
      await clock.advance(10_000);
    }
    for (const part of parts) part.succeeded();
    for (const part of parts) part.succeeded();
    expect(lines).toEqual([
      [
        'error',
        'reading tables failed; retrying',
        { code: 'Unreachable', reason: 'nobody answers', sinceSeconds: 0, example: 'dbo.T0', tables: 1 },
      ],
      ['info', 'reading tables recovered', { afterSeconds: 30, tables: 20 }],
    ]);
  });

  test('is logged again at growing intervals, once for all that it hits now', async () => {
    const { lines, clock, failures } = rig();
    const parts = [
      failures.part('dbo.A'),
      failures.part('dbo.A'),
      failures.part('the list', { counts: false }),
    ];
    for (let minute = 0; minute < 120; minute += 1) {
      for (const part of parts) part.failed(away);
      await clock.advance(60_000);
    }
    const said = lines as [string, string, { sinceSeconds: number; tables: number }][];
    expect(
      said.map(([level, text, { sinceSeconds, tables }]) => [level, text, sinceSeconds, tables]),
    ).toEqual([
      ['error', 'reading tables failed; retrying', 0, 1],
      ...[60, 300, 900, 3_600].map((s) => ['error', 'reading tables still failing; retrying', s, 2]),
    ]);
  });

  test('whoever waits tries at once when another one finds it back, not when one that never failed goes on', async () => {
    const { clock, failures } = rig();
    const [a, b, c] = [failures.part('dbo.A'), failures.part('dbo.B'), failures.part('dbo.C')];
    for (const part of [a, b]) part.failed(away);
    let woken = false;
    const waiting = b.wait(new AbortController().signal).then(() => (woken = true));
    c.succeeded();
    await clock.advance(1);
    expect(woken).toBe(false);
    a.succeeded();
    await waiting;
    expect(clock.sleeping).toBe(0);
  });

  test('is said again when a person must mend it', () => {
    const { lines, failures } = rig();
    const part = failures.part('dbo.A');
    part.failed(away);
    part.failed(new DStreamError('LoginFailed', 'the password is wrong'));
    part.failed(new DStreamError('LoginFailed', 'the password is wrong'));
    expect(lines).toMatchObject([
      ['error', expect.any(String), { code: 'Unreachable' }],
      ['error', expect.any(String), { code: 'LoginFailed' }],
    ]);
  });

  test('counts the parts of each outage apart', () => {
    const { lines, failures } = rig();
    const parts = ['dbo.A', 'dbo.B'].map((name) => failures.part(name));
    for (const part of parts) part.failed(away);
    for (const part of parts) part.succeeded();
    for (const part of parts.slice(1)) part.failed(away);
    for (const part of parts.slice(1)) part.succeeded();
    const ends = (lines as [string, string, object][]).filter(([level]) => level === 'info');
    expect(ends.map(([, , fields]) => fields)).toMatchObject([{ tables: 2 }, { tables: 1 }]);
  });

  test('ends without a recovery when the last part leaves, and the next failure is logged', () => {
    const { lines, failures } = rig();
    const [a, b] = [failures.part('dbo.A'), failures.part('dbo.A')];
    a.failed(away);
    b.failed(away);
    a.left();
    expect(lines).toHaveLength(1);
    b.left();
    b.failed(cut);
    expect(lines).toMatchObject([
      ['error', expect.any(String), { code: 'Unreachable' }],
      ['info', 'reading tables no longer tried here', { tables: 2 }],
      ['error', expect.any(String), { code: 'Transient' }],
    ]);
  });
});

const never = new AbortController().signal;

/** `count` that wait; each tries again and again, and is recorded in `tried`. */
function waiting(count: number) {
  const clock = new ManualClock();
  const turns = new ProbeTurns(clock, () => 1);
  const tried: number[] = [];
  const stop = new AbortController();
  const loops = Array.from({ length: count }, async (_, n) => {
    for (;;) {
      await turns.wait(stop.signal);
      if (stop.signal.aborted) return;
      tried.push(n);
    }
  });
  const end = async () => {
    stop.abort();
    await Promise.all(loops);
  };
  return { clock, turns, tried, end };
}

test('what is away is asked a few times in three seconds, however many wait, and everybody has a turn', async () => {
  const { clock, tried, end } = waiting(300);
  await clock.advance(12_000);
  tried.length = 0;
  await clock.advance(30_000);
  expect(tried.length).toBe(40);
  expect(new Set(tried).size).toBe(40);
  await end();
  expect(clock.sleeping).toBe(0);
});

test('one that waits alone looks again within three seconds', async () => {
  const { clock, tried, end } = waiting(1);
  await clock.advance(60_000);
  tried.length = 0;
  await clock.advance(3_000);
  expect(tried).toEqual([0]);
  await end();
});

test('as soon as it is back nobody waits any longer', async () => {
  const { clock, turns, tried, end } = waiting(300);
  await clock.advance(12_000);
  tried.length = 0;
  turns.back();
  await clock.advance(0);
  expect(new Set(tried).size).toBe(300);
  await end();
});

test('who gives up waiting keeps nobody from a turn', async () => {
  const clock = new ManualClock();
  const turns = new ProbeTurns(clock, () => 1);
  const gone = Array.from({ length: 20 }, () => new AbortController());
  const waits = gone.map(({ signal }) => turns.wait(signal));
  const last = turns.wait(never);
  for (const one of gone) one.abort();
  await Promise.all(waits);
  await clock.advance(3_000);
  await last;
  expect(clock.sleeping).toBe(0);
});
