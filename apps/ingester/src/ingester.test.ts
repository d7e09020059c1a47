import {
  DStreamError,
  silentLog,
  tableKey,
  type ChangeBatch,
  type ChangeEvent,
  type ChangeSource,
  type InstanceId,
  type Position,
  type ResumePoint,
  type TableId,
} from '@dstream/core';
import { InMemoryLeases } from '@dstream/core/in-memory/leases';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import { InMemoryTopic } from '@dstream/core/in-memory/topic';
import { describe, expect, test } from 'vitest';
import { noIngesterMetrics } from './ingester-metrics.ts';
import { Ingester } from './ingester.ts';

const never = new AbortController().signal;
const leaseDurationMs = 30_000;

function tableOf(name: string): TableId {
  return { source: 's', database: 'd', schema: 'dbo', table: name };
}

function point(n: number): ResumePoint {
  return { position: String(n).padStart(6, '0') as Position, token: `${n}` };
}

/** Tables that hold numbered changes: read in batches of two, polled once a second. */
class ScriptedSource implements ChangeSource {
  readonly counts = new Map<string, number>();
  readonly faults = new Map<string, DStreamError>();
  /** Reads of these tables end only when the promise resolves. */
  readonly hangAtEnd = new Map<string, Promise<void>>();
  idleMs = 1_000;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock, tables: readonly string[]) {
    this.#clock = clock;
    for (const table of tables) this.counts.set(table, 0);
  }

  write(table: string, changes: number): void {
    this.counts.set(table, (this.counts.get(table) ?? 0) + changes);
  }

  tables(): Promise<readonly TableId[]> {
    return Promise.resolve([...this.counts.keys()].map(tableOf));
  }

  async *read(
    table: TableId,
    after: ResumePoint | undefined,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<ChangeBatch> {
    let at = after === undefined ? 0 : Number(after.token);
    if (after === undefined) yield { changes: [], end: point(0) };
    for (;;) {
      const fault = this.faults.get(table.table);
      if (fault !== undefined) throw fault;
      const upTo = Math.min(at + 2, this.counts.get(table.table) ?? 0);
      const changes = Array.from({ length: upTo - at }, (_, n) => change(table, at + n + 1));
      at = upTo;
      if (changes.length > 0) yield { changes, end: point(at) };
      else await this.#idle(table, signal);
    }
  }

  async #idle({ table }: TableId, signal: AbortSignal): Promise<void> {
    try {
      await this.#clock.sleep(this.idleMs, signal);
    } finally {
      await this.hangAtEnd.get(table);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

function change({ schema, table, database }: TableId, n: number): ChangeEvent {
  return {
    data: { N: n },
    metadata: {
      version: 1,
      id: `${table}-${n}`,
      source: 'sqlserver',
      server: 's',
      database,
      schema,
      table,
      captureInstance: `${schema}_${table}`,
      operation: 'insert',
      key: { N: n },
      lsn: '0x01',
      seqval: '0x01',
      sequence: n,
      committedAt: '2026-11-20T00:00:00.000Z',
      position: point(n).position,
    },
  };
}

function setup(tables: readonly string[]) {
  const clock = new ManualClock();
  const source = new ScriptedSource(clock, tables);
  const topic = new InMemoryTopic({ clock });
  topic.subscription();
  const leases = new InMemoryLeases({ instance: 'store' as InstanceId, durationMs: leaseDurationMs, clock });
  const start = (name: string) => startReplica(name, { clock, source, topic, leases });
  return { clock, source, topic, leases, start };
}

type World = Pick<ReturnType<typeof setup>, 'clock' | 'source' | 'topic' | 'leases'>;

function startReplica(name: string, { clock, source, topic, leases: shared }: World) {
  const instance = name as InstanceId;
  const leases = shared.replica(instance);
  const ingester = new Ingester({
    instance,
    source,
    topic,
    leases,
    checkpoints: leases,
    connections: [],
    clock,
    log: silentLog,
    random: () => 0.5,
    metrics: noIngesterMetrics,
    settings: {
      leaseDurationMs,
      checkpointIntervalMs: 1_000,
      checkpointIdleIntervalMs: 60_000,
      packMaxBytes: 131_072,
      packMaxChanges: 500,
      pollIntervals: () => ({ intervalMs: 1_000, maxIntervalMs: 5_000 }),
      byteLength: (text) => text.length,
      hash: (text) => text,
    },
  });
  const draining = new AbortController();
  const aborted = new AbortController();
  const running = ingester.run({ draining: draining.signal, aborted: aborted.signal });
  const stop = async () => {
    draining.abort(new Error('stopping'));
    await clock.advance(0);
    await running;
  };
  /** As `kill -9`: nothing is saved or released. */
  const kill = async () => {
    aborted.abort(new Error('killed'));
    draining.abort(new Error('killed'));
    await clock.advance(0);
    await running;
  };
  return {
    ingester,
    running,
    stop,
    kill,
    owned: () => ingester.report().tables.filter(({ owner }) => owner === name),
  };
}

/** Ids in the order the broker has them. */
function sent(topic: InMemoryTopic, table?: string): readonly string[] {
  return topic
    .messages()
    .flatMap(({ body }) => new TextDecoder().decode(body).split('\n'))
    .map((line) => (JSON.parse(line) as ChangeEvent).metadata)
    .filter((metadata) => table === undefined || metadata.table === table)
    .map(({ id }) => id);
}

function ids(table: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${table}-${n + 1}`);
}

describe('an ingester', () => {
  test('sends every change of its tables in order, saves how far, and gives the tables back', async () => {
    const world = setup(['A', 'B']);
    world.source.write('A', 5);
    world.source.write('B', 3);
    const replica = world.start('r1');
    await world.clock.advance(5_000);
    expect(sent(world.topic, 'A')).toEqual(ids('A', 5));
    expect(sent(world.topic, 'B')).toEqual(ids('B', 3));
    await replica.stop();
    const snapshot = await world.leases.list({ signal: never });
    expect([snapshot.held.size, snapshot.instances]).toEqual([0, []]);
    expect((await world.leases.load(tableOf('A'), { signal: never }))?.at).toEqual(point(5));
    expect(world.clock.sleeping).toBe(0);
  });

  test('gives a newcomer its share; nothing is lost or repeated by the handover', async () => {
    const world = setup(['A', 'B', 'C', 'D', 'E']);
    const first = world.start('r1');
    await world.clock.advance(5_000);
    expect(first.owned()).toHaveLength(5);
    const second = world.start('r2');
    for (const table of ['A', 'B', 'C', 'D', 'E']) world.source.write(table, 4);
    await world.clock.advance(15_000);
    expect([first.owned().length, second.owned().length]).toEqual([3, 2]);
    for (const table of ['A', 'B', 'C', 'D', 'E']) {
      world.source.write(table, 4);
    }
    await world.clock.advance(5_000);
    for (const table of ['A', 'B', 'C', 'D', 'E']) expect(sent(world.topic, table)).toEqual(ids(table, 8));
    await first.stop();
    await second.stop();
  });

  test('after a kill another replica goes on from the checkpoint: nothing is lost, what is repeated has the same id', async () => {
    const world = setup(['A']);
    const first = world.start('r1');
    await world.clock.advance(5_000);
    world.source.write('A', 9);
    await world.clock.advance(1_500);
    await first.kill();
    const second = world.start('r2');
    world.source.write('A', 3);
    await world.clock.advance(leaseDurationMs + 10_000);
    const got = sent(world.topic, 'A');
    expect([...new Set(got)]).toEqual(ids('A', 12));
    await expect(world.leases.list({ signal: never })).resolves.toMatchObject({
      held: new Map([[tableKey(tableOf('A')), { owner: 'r2', epoch: 2 }]]),
    });
    await second.stop();
  });

  test('saves where a new table begins before anything of it is sent', async () => {
    const world = setup(['A']);
    world.source.write('A', 1);
    const first = world.start('r1');
    const seen: unknown[] = [];
    world.topic.failSends(() => {
      void world.leases.load(tableOf('A'), { signal: never }).then((checkpoint) => seen.push(checkpoint?.at));
      return undefined;
    });
    await world.clock.advance(2_000);
    expect(seen[0]).toEqual(point(0));
    await first.stop();
  });

  test('a table with a fault keeps its lease and says why; the others go on, and it goes on when the fault is gone', async () => {
    const world = setup(['A', 'B']);
    world.source.faults.set('B', new DStreamError('TableNotCaptured', 'B is not captured'));
    const replica = world.start('r1');
    world.source.write('A', 2);
    world.source.write('B', 2);
    await world.clock.advance(8_000);
    expect(sent(world.topic)).toEqual(ids('A', 2));
    expect(replica.owned()).toMatchObject([
      { table: 'dbo.A', fault: null },
      { table: 'dbo.B', fault: { code: 'TableNotCaptured', message: 'B is not captured' } },
    ]);
    world.source.faults.clear();
    await world.clock.advance(6_000);
    expect(sent(world.topic, 'B')).toEqual(ids('B', 2));
    expect(replica.owned()).toMatchObject([{ fault: null }, { fault: null }]);
    await replica.stop();
  });

  test('waits out a broker that is away: no checkpoint passes it, nothing is lost, the order stays', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    let away = true;
    world.topic.failSends(() => (away ? new DStreamError('Unreachable', 'nobody answers') : undefined));
    world.source.write('A', 7);
    await world.clock.advance(60_000);
    expect(sent(world.topic)).toEqual([]);
    expect((await world.leases.load(tableOf('A'), { signal: never }))?.at).toEqual(point(0));
    away = false;
    await world.clock.advance(60_000);
    expect(sent(world.topic)).toEqual(ids('A', 7));
    await replica.stop();
  });

  test('gives up a table that is configured no more', async () => {
    const world = setup(['A', 'B']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    world.source.counts.delete('B');
    await world.clock.advance(40_000);
    expect((await world.leases.list({ signal: never })).held.size).toBe(1);
    await replica.stop();
  });

  test('what a person must mend ends it before the first success', async () => {
    const world = setup(['A']);
    world.source.tables = () => Promise.reject(new DStreamError('LoginFailed', 'the password is wrong'));
    const replica = world.start('r1');
    await expect(replica.running).rejects.toThrow('the password is wrong');
    expect(world.clock.sleeping).toBe(0);
  });

  test('a drain does not wait for a topic that is away: the table is free at once', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    world.topic.failSends(() => new DStreamError('Unreachable', 'nobody answers'));
    world.source.write('A', 3);
    await world.clock.advance(5_000);
    await replica.stop();
    expect((await world.leases.list({ signal: never })).held.size).toBe(0);
    expect(world.clock.sleeping).toBe(0);
  });

  test('what a leaving replica has released is taken by those who stay, while its slowest table still drains', async () => {
    const world = setup(['A', 'B']);
    const first = world.start('r1');
    await world.clock.advance(3_000);
    const second = world.start('r2');
    await world.clock.advance(10_000);
    const [own] = first.owned();
    const gate = Promise.withResolvers<void>();
    world.source.hangAtEnd.set(String(own?.table.slice(4)), gate.promise);
    const leaving = first.stop();
    await world.clock.advance(8_000);
    expect((await world.leases.list({ signal: never })).instances).toEqual(['r2']);
    gate.resolve();
    await leaving;
    await second.stop();
  });

  test('a table whose lease cannot be asked for does not keep the others waiting', async () => {
    const world = setup(['A', 'B', 'C']);
    const refused = new DStreamError('Transient', 'no');
    world.leases.replica = () =>
      Object.assign(
        new InMemoryLeases({ instance: 'r1' as InstanceId, durationMs: leaseDurationMs, clock: world.clock }),
        {
          tryAcquire(this: InMemoryLeases, table: TableId, o: { signal: AbortSignal }) {
            if (table.table === 'A') return Promise.reject(refused);
            return InMemoryLeases.prototype.tryAcquire.call(this, table, o);
          },
        },
      );
    const replica = world.start('r1');
    await world.clock.advance(5_000);
    expect(replica.owned().map(({ table }) => table)).toEqual(['dbo.B', 'dbo.C']);
    await replica.stop();
  });

  test('a change that is too large is said at once, also when nothing else happens', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    world.topic.failSends(() => new DStreamError('MessageTooLarge', 'the limit is 100 bytes'));
    world.source.write('A', 1);
    world.source.idleMs = 3_600_000;
    await world.clock.advance(5_000);
    expect(replica.owned()).toMatchObject([{ fault: { code: 'ChangeTooLarge' } }]);
    await replica.stop();
  });

  test('what was accepted before a change that is too large is not sent again at every look', async () => {
    const world = setup(['A']);
    const replica = world.start('r1');
    let refused = 0;
    world.topic.failSends(({ body }) => {
      if (!body.includes('"id":"A-4"')) return undefined;
      refused += 1;
      return new DStreamError('MessageTooLarge', 'the limit is 100 bytes');
    });
    world.source.write('A', 5);
    await world.clock.advance(30_000);
    expect(refused).toBeGreaterThan(4);
    expect(sent(world.topic)).toEqual(ids('A', 3));
    world.topic.failSends(() => undefined);
    await world.clock.advance(10_000);
    expect(sent(world.topic)).toEqual(ids('A', 5));
    await replica.stop();
  });

  test('a drain tries again to save and release while the store fails for a moment', async () => {
    const world = setup(['A']);
    let failing = false;
    const leases = new InMemoryLeases({
      instance: 'r1' as InstanceId,
      durationMs: leaseDurationMs,
      clock: world.clock,
    });
    const save = leases.save.bind(leases);
    leases.save = (...args) =>
      failing ? Promise.reject(new DStreamError('Throttled', 'the store is busy')) : save(...args);
    world.leases.replica = () => leases;
    const replica = world.start('r1');
    await world.clock.advance(3_000);
    failing = true;
    world.source.write('A', 2);
    await world.clock.advance(1_500);
    const stopped = replica.stop();
    await world.clock.advance(1_000);
    failing = false;
    await world.clock.advance(3_000);
    await stopped;
    expect((await leases.load(tableOf('A'), { signal: never }))?.at).toEqual(point(2));
    expect((await leases.list({ signal: never })).held.size).toBe(0);
  });
});
