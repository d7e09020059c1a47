/**
 * An ingester that reads a change table in memory and can crash at any moment of reading, sending and saving. A moment
 * is one row that arrives, a send or a save that begins or is done: after the one that was chosen nothing that the
 * replica does has an effect any more, as with `kill -9`.
 */
import { createHash } from 'node:crypto';
import {
  noSourceObserver,
  partitionOf,
  scopeOf,
  silentLog,
  type CallOptions,
  type ChangeSource,
  type InstanceId,
  type PartitionId,
  type ResumePoint,
  type Topic,
} from '@dstream/core';
import { InMemoryLeases } from '@dstream/core/in-memory/leases';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import { InMemoryTopic } from '@dstream/core/in-memory/topic';
import { HoleWatch, type Hole } from '../../libs/deliver/src/holes.ts';
import type { SqlClient } from '../../libs/sources/sqlserver/src/client/sql-client.ts';
import type { ReadMode } from '../../libs/sources/sqlserver/src/rows/position.ts';
import { Prober } from '../../libs/sources/sqlserver/src/source/prober.ts';
import { TableReader } from '../../libs/sources/sqlserver/src/source/table-reader.ts';
import { FakeCdcClient, type FakeInstance } from './fake-cdc-client.ts';
import { leaseDurationMs, sent, startReplica } from './ingester-rig.ts';
import { persons } from './table-reader-rig.ts';

/** How a replica reads, which may differ from the one before it. */
export interface Reading {
  readonly mode: ReadMode;
  readonly maxRows: number;
}

export type Moment = 'row' | 'send begins' | 'sent' | 'save begins' | 'saved';

/** Longer than a pass between two checkpoints, so that some moments lie between them. */
const sendMs = 400;

export class CrashRig {
  readonly clock = new ManualClock();
  readonly #database: FakeCdcClient;
  readonly #topic = new InMemoryTopic({ clock: this.clock });
  readonly #leases = new InMemoryLeases({
    instance: 'store' as InstanceId,
    durationMs: leaseDurationMs,
    clock: this.clock,
  });
  #replicas = 0;

  constructor(instance: FakeInstance) {
    const last = instance.rows.at(-1)?.lsn;
    this.#database = new FakeCdcClient([instance], last);
    this.#topic.subscription();
  }

  /** Ids in the order the broker has them. */
  get sent(): readonly string[] {
    return sent(this.#topic);
  }

  /** What a processor that takes all messages in their order would report as missing. */
  get holes(): readonly Hole[] {
    const watch = new HoleWatch();
    return this.#topic.messages().flatMap((message) => watch.before(message, []) ?? []);
  }

  async savedUpTo(): Promise<string | undefined> {
    const checkpoint = await this.#leases.load(partitionOf(persons), {
      signal: new AbortController().signal,
    });
    return checkpoint?.at.position;
  }

  /** Runs a replica until everything is saved, or until its moment `crashAt`, from 1. Gives its moments. */
  async run(reading: Reading, crashAt = Infinity): Promise<readonly Moment[]> {
    const life = new Life(crashAt);
    const source = this.#source(reading, life);
    const world = { clock: this.clock, source, topic: this.#watchedTopic(life), leases: this.#leases };
    this.#replicas += 1;
    const replica = startReplica(`r${this.#replicas}`, world);
    const save = replica.store.save.bind(replica.store);
    replica.store.save = (checkpoint, under, o) =>
      life.around('save begins', () => save(checkpoint, under, o), 'saved', o.signal);
    const deadlineMs = this.clock.monotonicMs() + 10 * leaseDurationMs;
    while (!life.over && !(await this.#isAllSaved())) {
      if (this.clock.monotonicMs() > deadlineMs)
        throw new Error(`stuck after ${life.moments.length} moments`);
      await this.clock.advance(sendMs);
    }
    await replica.kill();
    return life.moments;
  }

  async #isAllSaved(): Promise<boolean> {
    return (await this.savedUpTo()) === `${this.#database.max}:~`;
  }

  #watchedTopic(life: Life): Topic {
    const topic = this.#topic;
    return {
      connect: (o) => topic.connect(o),
      send: async (messages, o) => {
        await life.moment('send begins', o.signal);
        await this.clock.sleep(sendMs, o.signal);
        await life.lasts(o.signal);
        await topic.send(messages, o);
        await life.moment('sent', o.signal);
      },
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }

  #source({ mode, maxRows }: Reading, life: Life): ChangeSource {
    const { clock } = this;
    const client = watched(this.#database, life);
    const context = {
      client,
      clock,
      mode,
      onGap: 'stop' as const,
      said: new Set<string>(),
      start: 'earliest' as const,
      log: silentLog,
      observer: noSourceObserver,
      prober: new Prober(client, clock),
      random: () => 0,
      hash: (text: string) => createHash('sha256').update(text).digest('hex'),
      limits: { maxRows, maxBytes: 1_000_000 },
    };
    const intervals = { intervalMs: 1_000, maxIntervalMs: 4_000 };
    return {
      scope: scopeOf(persons),
      partitions: () => Promise.resolve([partitionOf(persons)]),
      read: (_: PartitionId, after: ResumePoint | undefined, o: CallOptions) =>
        new TableReader(context, persons, intervals, o).read(after),
      faultPauseMs: () => intervals.maxIntervalMs,
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  }
}

/** A replica's moments, and whether it is over. */
class Life {
  readonly moments: Moment[] = [];
  readonly #crashAt: number;

  constructor(crashAt: number) {
    this.#crashAt = crashAt;
  }

  get over(): boolean {
    return this.moments.length >= this.#crashAt;
  }

  async moment(what: Moment, signal: AbortSignal): Promise<void> {
    if (!this.over) this.moments.push(what);
    await this.lasts(signal);
  }

  /** Goes on only in a replica that is not over. */
  async lasts(signal: AbortSignal): Promise<void> {
    if (this.over) await aborted(signal);
  }

  async around(
    before: Moment,
    work: () => Promise<void>,
    behind: Moment,
    signal: AbortSignal,
  ): Promise<void> {
    await this.moment(before, signal);
    await work();
    await this.moment(behind, signal);
  }
}

function watched(database: FakeCdcClient, life: Life): SqlClient {
  return {
    query: (statement) => database.query(statement),
    async *stream(statement, _limits, { signal }) {
      for await (const rows of database.stream(statement))
        for (const row of rows) {
          yield [row];
          if (row.set === 1) await life.moment('row', signal);
        }
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** What never comes back to a process that is gone. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    if (signal.aborted) reject(signal.reason);
    else signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
