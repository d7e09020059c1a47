/** Ingesters under test: tables that hold numbered changes, leases and topic in memory, time by hand. */
import {
  byTable,
  encodeChange,
  partitionOf,
  scopeOf,
  silentLog,
  tableOfPartition,
  type ChangeBatch,
  type ChangeEvent,
  type EncodedChange,
  type ChangeSource,
  type DStreamError,
  type InstanceId,
  type Log,
  type Ordering,
  type PartitionId,
  type Position,
  type ResumePoint,
  type TableId,
  type Topic,
} from '@dstream/core';
import { InMemoryLeases } from '@dstream/memory/leases';
import { ManualClock } from '@dstream/memory/manual-clock';
import { InMemoryTopic } from '@dstream/memory/topic';
import { Ingester, IngesterMetrics } from '@dstream/ingest';
import { Metrics } from '@dstream/runtime';
import { aChange } from './a-change.ts';
import { seriesOf } from './series-of.ts';

export const never: AbortSignal = new AbortController().signal;
export const leaseDurationMs = 30_000;

export function tableOf(name: string): TableId {
  return { source: 's', database: 'd', schema: 'dbo', table: name };
}

export function partitionOfTable(name: string): PartitionId {
  return partitionOf(tableOf(name));
}

export function point(n: number): ResumePoint {
  return { position: String(n).padStart(6, '0') as Position, token: `${n}` };
}

/** Tables that hold numbered changes: read in batches, polled once a second. */
class ScriptedSource implements ChangeSource {
  readonly scope = scopeOf(tableOf(''));
  readonly counts = new Map<string, number>();
  readonly faults = new Map<string, DStreamError>();
  /** These tables are numbered anew when they are read next. */
  readonly renumbered = new Set<string>();
  /** Reads of these tables end only when the promise resolves. */
  readonly hangAtEnd = new Map<string, Promise<void>>();
  idleMs = 1_000;
  /** Changes that are read at a time. */
  batch = 2;
  readonly #clock: ManualClock;

  constructor(clock: ManualClock, tables: readonly string[]) {
    this.#clock = clock;
    for (const table of tables) this.counts.set(table, 0);
  }

  write(table: string, changes: number): void {
    this.counts.set(table, (this.counts.get(table) ?? 0) + changes);
  }

  partitions(): Promise<readonly PartitionId[]> {
    return Promise.resolve([...this.counts.keys()].map(partitionOfTable));
  }

  faultPauseMs(): number {
    return 5_000;
  }

  async *read(
    partition: PartitionId,
    after: ResumePoint | undefined,
    { signal }: { signal: AbortSignal },
  ): AsyncGenerator<ChangeBatch> {
    const table = tableOfPartition(partition) ?? tableOf(partition);
    let at = after === undefined ? 0 : Number(after.token);
    if (after === undefined) yield { changes: [], end: point(0) };
    if (this.renumbered.delete(table.table)) yield { changes: [], end: point(at), beginsGeneration: true };
    for (;;) {
      const fault = this.faults.get(table.table);
      if (fault !== undefined) throw fault;
      const upTo = Math.min(at + this.batch, this.counts.get(table.table) ?? 0);
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

function change(of: TableId, n: number): EncodedChange {
  const { schema, table, database } = of;
  const { position } = point(n);
  return encodeChange(aChange(n, { id: `${table}-${n}`, schema, table, database, position }), of);
}

/** @param durationMs of a lease */
export function setup(tables: readonly string[], durationMs = leaseDurationMs) {
  const clock = new ManualClock();
  const source = new ScriptedSource(clock, tables);
  const topic = new InMemoryTopic({ clock });
  topic.subscription();
  const leases = new InMemoryLeases({ instance: 'store' as InstanceId, durationMs, clock });
  const start = (name: string, log: Log = silentLog, ordering: Ordering = byTable) =>
    startReplica(name, { clock, source, topic, leases, durationMs }, log, ordering);
  return { clock, source, topic, leases, start };
}

export interface World {
  readonly clock: ManualClock;
  readonly source: ChangeSource;
  readonly topic: Topic;
  /** The store: each replica has a view of its own. */
  readonly leases: InMemoryLeases;
  readonly durationMs?: number;
}

export function startReplica(
  name: string,
  { clock, source, topic, leases: shared, durationMs = leaseDurationMs }: World,
  log: Log = silentLog,
  ordering: Ordering = byTable,
) {
  const instance = name as InstanceId;
  const leases = shared.replica(instance);
  const metrics = new Metrics();
  const measured = new IngesterMetrics(metrics, clock);
  const ingester = new Ingester({
    instance,
    source,
    topic,
    leases,
    checkpoints: leases,
    names: { source: 'source s', topic: 'topic t', leases: 'container c' },
    clock,
    log,
    random: () => 0.5,
    metrics: measured,
    httpAddress: () => `http://${name}`,
    settings: {
      leaseDurationMs: durationMs,
      checkpointIntervalMs: 1_000,
      checkpointIdleIntervalMs: 60_000,
      packMaxBytes: 131_072,
      packMaxChanges: 500,
      ordering,
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
    /** What it holds its leases and checkpoints in: a test may replace its methods. */
    store: leases,
    running,
    /** What a source would tell of its tables. */
    observer: measured.source,
    stop,
    kill,
    /** Values of its metrics by series, as they stand in the text. */
    scrape: () => scrape(metrics),
    owned: () => ingester.report().tables.filter(({ owner }) => owner === name),
  };
}

export async function scrape(metrics: Metrics): Promise<ReadonlyMap<string, number>> {
  return seriesOf(await metrics.text());
}

/** Ids in the order the broker has them. */
export function sent(topic: InMemoryTopic, table?: string): readonly string[] {
  return topic
    .messages()
    .flatMap(({ body }) => new TextDecoder().decode(body).split('\n'))
    .map((line) => (JSON.parse(line) as ChangeEvent).metadata)
    .filter((metadata) => table === undefined || metadata.table === table)
    .map(({ id }) => id);
}

export function ids(table: string, count: number): readonly string[] {
  return Array.from({ length: count }, (_, n) => `${table}-${n + 1}`);
}
