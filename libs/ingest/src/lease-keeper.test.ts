import {
  DStreamError,
  goodUntil,
  silentLog,
  type Clock,
  type Lease,
  type LeaseStore,
  type PartitionId,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { FailureLog } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { LeaseKeeper } from './lease-keeper.ts';

const durationMs = 30_000;
const partition = 's/d/dbo.T' as PartitionId;

function lease(clock: ManualClock): Lease {
  return { partition, epoch: 4, goodUntilMs: goodUntil(clock.monotonicMs(), durationMs), acquiredAtMs: 0 };
}

function keeper(clock: ManualClock, renew: LeaseStore['renew']): LeaseKeeper {
  const leases = { renew } as unknown as LeaseStore;
  return new LeaseKeeper(lease(clock), {
    leases,
    durationMs,
    clock,
    log: silentLog,
    failureLog: new FailureLog('renewing', silentLog, clock),
  });
}

const renewing = (clock: ManualClock) => () => Promise.resolve(lease(clock));

describe('a held lease', () => {
  test('is renewed every third of its duration and stays good', async () => {
    const clock = new ManualClock();
    const until = new AbortController();
    let renewals = 0;
    const kept = keeper(clock, () => {
      renewals += 1;
      return renewing(clock)();
    });
    const running = kept.run(until.signal);
    await clock.advance(60_000);
    expect([renewals, kept.lost.aborted]).toEqual([6, false]);
    kept.assertHeld();
    until.abort();
    await running;
    expect(clock.sleeping).toBe(0);
  });

  test('is renewed in time when acquiring it took long: its duration counts from before the call', async () => {
    const clock = new ManualClock();
    const until = new AbortController();
    const renewedAtMs: number[] = [];
    const kept = keeper(clock, () => {
      renewedAtMs.push(clock.monotonicMs());
      return renewing(clock)();
    });
    await clock.advance(8_000);
    const running = kept.run(until.signal);
    await clock.advance(16_000);
    expect(renewedAtMs).toEqual([10_000, 20_000]);
    until.abort();
    await running;
  });

  test('is renewed at once when acquiring it took more than a third of its duration', async () => {
    const clock = new ManualClock();
    const until = new AbortController();
    const kept = keeper(clock, renewing(clock));
    await clock.advance(18_000);
    const running = kept.run(until.signal);
    await clock.advance(9_000);
    expect([kept.lost.aborted, kept.lease.goodUntilMs]).toEqual([false, 42_000]);
    until.abort();
    await running;
  });

  test('survives a store that is away for a while', async () => {
    const clock = new ManualClock();
    const until = new AbortController();
    const kept = keeper(clock, () =>
      clock.monotonicMs() < 20_000
        ? Promise.reject(new DStreamError('Unreachable', 'nobody answers'))
        : renewing(clock)(),
    );
    const running = kept.run(until.signal);
    await clock.advance(40_000);
    expect(kept.lost.aborted).toBe(false);
    until.abort();
    await running;
  });

  test('is lost when renewing hangs past what is proven: four fifths of the duration', async () => {
    const clock = new ManualClock();
    const kept = keeper(
      clock,
      (_lease, { signal }) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        }),
    );
    const running = kept.run(new AbortController().signal);
    await clock.advance(23_999);
    expect(kept.lost.aborted).toBe(false);
    await clock.advance(1);
    expect(kept.lost.reason).toMatchObject({ code: 'LeaseLost' });
    await running;
    expect(clock.sleeping).toBe(0);
  });

  test('is lost at once when somebody else has it', async () => {
    const clock = new ManualClock();
    const kept = keeper(clock, () => Promise.reject(new DStreamError('LeaseLost', 'epoch 5 owns it')));
    const running = kept.run(new AbortController().signal);
    await clock.advance(10_000);
    await running;
    expect(kept.lost.reason).toMatchObject({ message: 'epoch 5 owns it' });
  });

  test('is not trusted by a process that was suspended, before any timer fires', () => {
    const clock = new ManualClock();
    const suspended: Clock = { monotonicMs: () => 24_000, wallMs: () => 0, sleep: () => Promise.resolve() };
    const leases = {} as LeaseStore;
    const kept = new LeaseKeeper(lease(clock), {
      leases,
      durationMs,
      clock: suspended,
      log: silentLog,
      failureLog: new FailureLog('renewing', silentLog, clock),
    });
    expect(() => kept.assertHeld()).toThrow(/could not be renewed in time/);
    expect(kept.lost.aborted).toBe(true);
  });
});
