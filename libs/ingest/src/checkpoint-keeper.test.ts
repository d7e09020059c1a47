import {
  byTable,
  DStreamError,
  silentLog,
  type Checkpoint,
  type CheckpointStore,
  type Ordering,
  type PartitionId,
  type Position,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { FailureLog } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { CheckpointKeeper } from './checkpoint-keeper.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const never = new AbortController().signal;
const at = (position: string) => ({ position: position as Position, token: `t${position}` });

function setup(stored?: Checkpoint, failFirst = 0, ordering: Ordering = byTable) {
  const clock = new ManualClock();
  const saved: Checkpoint[] = [];
  /** Positions that were passed to the source. */
  const told: string[] = [];
  let failures = failFirst;
  const store: CheckpointStore = {
    load: () => Promise.resolve(stored),
    save: (checkpoint) => {
      failures -= 1;
      if (failures >= 0) return Promise.reject(new DStreamError('Unreachable', 'nobody answers'));
      saved.push(checkpoint);
      return Promise.resolve();
    },
  };
  const partition = 's/d/dbo.T' as PartitionId;
  const held = { partition, epoch: 1, goodUntilMs: 1e9, acquiredAtMs: 5_000 };
  const lease = new LeaseKeeper(held, {
    leases: {} as never,
    durationMs: 30_000,
    clock,
    log: silentLog,
    failureLog: new FailureLog('renewing', silentLog, clock),
  });
  const keeper = new CheckpointKeeper({
    store,
    lease,
    intervalMs: 1_000,
    idleIntervalMs: 60_000,
    ordering,
    clock,
    log: silentLog,
    failureLog: new FailureLog('saving', silentLog, clock),
    saved: (at) => void told.push(at.position),
  });
  return { clock, saved, told, keeper, store };
}

async function running(keeper: CheckpointKeeper, work: () => Promise<void>): Promise<void> {
  const stop = new AbortController();
  const run = keeper.run(stop.signal);
  await work();
  stop.abort();
  await run;
}

describe('the checkpoint of a table', () => {
  test('a new table gets a generation from the clock of the store, a known one keeps its own', async () => {
    const fresh = setup();
    expect(await fresh.keeper.begin(never)).toBeUndefined();
    expect([fresh.keeper.generation, fresh.keeper.isNew]).toEqual([5_000, true]);
    const known = setup({ at: at('b'), generation: 77 });
    expect(await known.keeper.begin(never)).toEqual(at('b'));
    expect([known.keeper.generation, known.keeper.isNew]).toEqual([77, false]);
  });

  test('another layout of sessions begins a generation, which is stored as the layout is', async () => {
    const inEight: Ordering = { by: 'key', sessions: 8 };
    const stored = { at: at('b'), generation: 77 };
    const { keeper, saved } = setup(stored, 0, inEight);
    expect(await keeper.begin(never)).toEqual(at('b'));
    expect([keeper.generation, keeper.isNew]).toEqual([5_000, true]);
    await keeper.save(never);
    expect(saved).toEqual([{ at: at('b'), generation: 5_000, layout: 'key/8' }]);
    expect(keeper.isNew).toBe(false);
    const back = setup({ ...stored, generation: 9_000, layout: 'key/8' });
    await back.keeper.begin(never);
    await back.keeper.save(never);
    expect(back.saved).toEqual([{ at: at('b'), generation: 9_001 }]);
  });

  test('the same layout goes on in its generation', async () => {
    const stored = { at: at('b'), generation: 77, layout: 'key/8' };
    const { keeper, saved } = setup(stored, 0, { by: 'key', sessions: 8 });
    await keeper.begin(never);
    expect([keeper.generation, keeper.isNew]).toEqual([77, false]);
    await keeper.save(never);
    expect(saved).toEqual([]);
  });

  test('what is stored already is not saved again, and is not behind', async () => {
    const { clock, saved, keeper } = setup({ at: at('a'), generation: 7 });
    await keeper.begin(never);
    await running(keeper, async () => {
      keeper.accepted(at('a'), 0);
      expect(keeper.behindSinceMs).toBeUndefined();
      await clock.advance(120_000);
    });
    expect(saved).toEqual([]);
  });

  test('what is accepted during a save is behind since the save began', async () => {
    const { clock, keeper, store } = setup({ at: at('a'), generation: 7 });
    const gate = Promise.withResolvers<void>();
    store.save = () => gate.promise;
    await keeper.begin(never);
    keeper.accepted(at('b'), 1);
    await clock.advance(2_000);
    const saving = keeper.save(never);
    await clock.advance(3_000);
    keeper.accepted(at('c'), 1);
    gate.resolve();
    await saving;
    expect(keeper.behindSinceMs).toBe(clock.monotonicMs() - 3_000);
  });

  test('changes are saved after the interval, the latest only', async () => {
    const { clock, saved, keeper } = setup({ at: at('a'), generation: 7 });
    await keeper.begin(never);
    await running(keeper, async () => {
      keeper.accepted(at('b'), 1);
      keeper.accepted(at('c'), 1);
      await clock.advance(3_000);
    });
    expect(saved).toEqual([{ at: at('c'), generation: 7 }]);
  });

  test('an idle table is saved at the idle interval', async () => {
    const { clock, saved, keeper } = setup({ at: at('a'), generation: 7 });
    await keeper.begin(never);
    await running(keeper, async () => {
      keeper.accepted(at('b'), 0);
      await clock.advance(59_000);
      expect(saved).toEqual([]);
      await clock.advance(1_000);
    });
    expect(saved).toEqual([{ at: at('b'), generation: 7 }]);
  });

  test('a save that fails is tried again, and what was accepted meanwhile is what is saved', async () => {
    const { clock, saved, keeper } = setup({ at: at('a'), generation: 7 }, 1);
    await keeper.begin(never);
    keeper.accepted(at('b'), 1);
    const saving = keeper.save(never);
    await clock.advance(0);
    keeper.accepted(at('c'), 1);
    await clock.advance(1_000);
    await saving;
    expect(saved).toEqual([{ at: at('c'), generation: 7 }]);
  });

  test('passes what is saved to the source, once: not what is accepted, nor a save that failed', async () => {
    const { clock, told, keeper } = setup({ at: at('a'), generation: 7 }, 1);
    await keeper.begin(never);
    keeper.accepted(at('b'), 1);
    const saving = keeper.save(never);
    await clock.advance(0);
    expect(told).toEqual([]);
    await clock.advance(1_000);
    await saving;
    await keeper.save(never);
    expect(told).toEqual(['b']);
  });

  test('the last change of the own session is kept until another one is accepted', async () => {
    const lastChange = { generation: 7, position: 'b' as Position };
    const { saved, keeper } = setup();
    await keeper.begin(never);
    keeper.accepted(at('b'), 1, lastChange);
    keeper.accepted(at('c'), 0);
    keeper.accepted(at('d'), 3);
    await keeper.save(never);
    expect(saved).toEqual([{ at: at('d'), generation: 5_000, lastChange }]);
  });

  test('a generation that begins is larger, and saved also at a place that was saved before', async () => {
    for (const [previous, next] of [
      [7, 5_000],
      [9_000, 9_001],
    ] as const) {
      const { saved, keeper } = setup({ at: at('a'), generation: previous });
      await keeper.begin(never);
      keeper.beginGeneration();
      keeper.accepted(at('a'), 0);
      expect([keeper.generation, keeper.isNew]).toEqual([next, true]);
      await keeper.save(never);
      expect(saved).toEqual([{ at: at('a'), generation: next }]);
      expect(keeper.isNew).toBe(false);
    }
  });

  test('nothing is saved that is saved already', async () => {
    const { saved, keeper } = setup({ at: at('a'), generation: 7 });
    await keeper.begin(never);
    await keeper.save(never);
    keeper.accepted(at('b'), 1);
    await keeper.save(never);
    await keeper.save(never);
    expect(saved).toHaveLength(1);
  });
});
