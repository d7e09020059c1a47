import { DStreamError, type Log } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { CommonOutage } from './common-outage.ts';

function rig() {
  const lines: unknown[] = [];
  const note = (level: string) => (text: string, fields?: object) => void lines.push([level, text, fields]);
  const log: Log = {
    debug: () => undefined,
    info: note('info'),
    warn: note('warn'),
    error: note('error'),
    child: () => log,
  };
  const clock = new ManualClock();
  return { lines, clock, outage: new CommonOutage('moving tables', 'tables', log, clock) };
}

const away = new DStreamError('Unreachable', 'nobody answers');
const cut = new DStreamError('Transient', 'the connection was cut');

describe('an outage of what many depend on', () => {
  test('is one error line when it begins and one line when the last works again, with their number', async () => {
    const { lines, clock, outage } = rig();
    const parts = Array.from({ length: 20 }, (_, n) => outage.part(`dbo.T${n}`));
    for (let i = 0; i < 3; i += 1) {
      for (const [n, part] of parts.entries()) part.failed(n % 2 === 0 ? away : cut);
      await clock.advance(10_000);
    }
    for (const part of parts) part.succeeded();
    for (const part of parts) part.succeeded();
    expect(lines).toEqual([
      [
        'error',
        'moving tables: failing, trying again',
        { code: 'Unreachable', reason: 'nobody answers', sinceSeconds: 0, example: 'dbo.T0', tables: 1 },
      ],
      ['info', 'moving tables: working again', { afterSeconds: 30, tables: 20 }],
    ]);
  });

  test('is logged again at growing intervals, once for all that it hits now', async () => {
    const { lines, clock, outage } = rig();
    const parts = [outage.part('dbo.A'), outage.part('dbo.A'), outage.part('the list', { counts: false })];
    for (let minute = 0; minute < 120; minute += 1) {
      for (const part of parts) part.failed(away);
      await clock.advance(60_000);
    }
    const said = lines as [string, string, { sinceSeconds: number; tables: number }][];
    expect(
      said.map(([level, text, { sinceSeconds, tables }]) => [level, text, sinceSeconds, tables]),
    ).toEqual([
      ['error', 'moving tables: failing, trying again', 0, 1],
      ...[60, 300, 900, 3_600].map((s) => ['error', 'moving tables: still failing, trying again', s, 2]),
    ]);
  });

  test('whoever waits tries at once when another one finds it back, not when one that never failed goes on', async () => {
    const { clock, outage } = rig();
    const [a, b, c] = [outage.part('dbo.A'), outage.part('dbo.B'), outage.part('dbo.C')];
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
    const { lines, outage } = rig();
    const part = outage.part('dbo.A');
    part.failed(away);
    part.failed(new DStreamError('LoginFailed', 'the password is wrong'));
    part.failed(new DStreamError('LoginFailed', 'the password is wrong'));
    expect(lines).toMatchObject([
      ['error', expect.any(String), { code: 'Unreachable' }],
      ['error', expect.any(String), { code: 'LoginFailed' }],
    ]);
  });

  test('ends with the last that leaves, which is not said to be working, and the next one is said anew', () => {
    const { lines, outage } = rig();
    const [a, b] = [outage.part('dbo.A'), outage.part('dbo.A')];
    a.failed(away);
    b.failed(away);
    a.left();
    expect(lines).toHaveLength(1);
    b.left();
    b.failed(cut);
    expect(lines).toMatchObject([
      ['error', expect.any(String), { code: 'Unreachable' }],
      ['info', 'moving tables: not tried here any more', { tables: 2 }],
      ['error', expect.any(String), { code: 'Transient' }],
    ]);
  });
});
