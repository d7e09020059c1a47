import { DStreamError } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { operatorLog } from '../../../test/support/operator-log.ts';
import { FailureLog, Reminders, type FailureLogOptions } from './failure-log.ts';

function rig(options?: FailureLogOptions) {
  const { log, lines } = operatorLog();
  const clock = new ManualClock();
  return { lines, clock, failures: new FailureLog('sending', log, clock, options) };
}

const away = new DStreamError('Unreachable', 'nobody answers');
const cut = new DStreamError('Unreachable', 'the connection was cut');
const refused = new DStreamError('LoginFailed', 'the password is wrong');

describe('a failure log', () => {
  test('has one line when it begins, with what the attempt was about, and one when it is over', async () => {
    const { lines, clock, failures } = rig();
    failures.succeeded();
    failures.failed(away, { session: 'a' });
    await clock.advance(30_000);
    failures.failed(away, { session: 'b' });
    failures.succeeded();
    failures.succeeded();
    const begun = { code: 'Unreachable', reason: 'nobody answers', sinceSeconds: 0, session: 'a' };
    expect(lines).toEqual([
      ['error', 'sending failed; retrying', begun],
      ['info', 'sending recovered', { afterSeconds: 30 }],
    ]);
  });

  test('has a line for each cause, once however they alternate, and for 20 at most', () => {
    const { lines, failures } = rig();
    for (const error of [away, cut, away, cut]) failures.failed(error);
    expect(lines).toMatchObject([
      ['error', 'sending failed; retrying', { reason: 'nobody answers' }],
      ['error', 'sending failed; retrying', { reason: 'the connection was cut' }],
    ]);
    for (let n = 0; n < 100; n += 1) failures.failed(new DStreamError('Unreachable', `cause ${n}`));
    expect(lines).toHaveLength(20);
  });

  test('logs the causes of the next outage again', () => {
    const { lines, failures } = rig();
    for (const error of [away, cut]) failures.failed(error);
    failures.succeeded();
    for (const error of [cut, away]) failures.failed(error);
    expect(lines).toMatchObject([
      ['error', 'sending failed; retrying', { reason: 'nobody answers' }],
      ['error', 'sending failed; retrying', { reason: 'the connection was cut' }],
      ['info', 'sending recovered', {}],
      ['error', 'sending failed; retrying', { reason: 'the connection was cut' }],
      ['error', 'sending failed; retrying', { reason: 'nobody answers' }],
    ]);
  });

  test('is repeated at growing intervals while it lasts', async () => {
    const { lines, clock, failures } = rig();
    for (let minute = 0; minute < 10; minute += 1) {
      failures.failed(away);
      await clock.advance(60_000);
    }
    expect(lines).toMatchObject([
      ['error', 'sending failed; retrying', { sinceSeconds: 0 }],
      ['error', 'sending still failing; retrying', { sinceSeconds: 60 }],
      ['error', 'sending still failing; retrying', { sinceSeconds: 300 }],
    ]);
  });

  test('of fatal causes warns first of what passes, and has a line for each code that a person must fix', () => {
    const { lines, failures } = rig({ causes: 'fatal', firstLevel: 'warn' });
    for (const error of [away, cut, refused, away, new DStreamError('LoginFailed', 'again')])
      failures.failed(error);
    expect(lines).toMatchObject([
      ['warn', 'sending failed; retrying', { reason: 'nobody answers' }],
      ['error', 'sending failed; retrying', { reason: 'the password is wrong' }],
    ]);
  });

  test('that is abandoned logs no recovery, and starts over', () => {
    const { lines, failures } = rig();
    failures.failed(away);
    failures.abandoned({ tables: 2 });
    failures.failed(away);
    expect(lines).toMatchObject([
      ['error', 'sending failed; retrying', {}],
      ['info', 'sending no longer tried here', { afterSeconds: 0, tables: 2 }],
      ['error', 'sending failed; retrying', {}],
    ]);
  });
});

const minutes = (n: number) => n * 60_000;

test('a failure that is seen every second is logged again after 1, 5, 15 and 60 minutes, then every hour', () => {
  const reminders = new Reminders(7);
  const due: number[] = [];
  for (let ms = 0; ms <= minutes(240); ms += 1_000) if (reminders.due(7 + ms)) due.push(ms / 60_000);
  expect(due).toEqual([1, 5, 15, 60, 120, 180, 240]);
});

test('reminders that were missed are one', () => {
  const reminders = new Reminders(0);
  expect([minutes(20), minutes(21), minutes(60)].map((ms) => reminders.due(ms))).toEqual([true, false, true]);
});
