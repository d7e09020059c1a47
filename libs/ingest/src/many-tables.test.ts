/** A source whose one partition holds several tables: each table has sessions of its own, and one checkpoint covers all. */
import {
  byTable,
  DStreamError,
  isNewer,
  partitionIn,
  sessionRouter,
  type ChangeSource,
  type IncomingMessage,
  type InstanceId,
  type Ordering,
  type Progress,
  type ResumePoint,
  type StampedEvent,
} from '@dstream/core';
import { InMemoryChangeSource } from '@dstream/memory/change-source';
import { InMemoryLeases } from '@dstream/memory/leases';
import { ManualClock } from '@dstream/memory/manual-clock';
import { InMemoryTopic, type SendFault } from '@dstream/memory/topic';
import { describe, expect, test } from 'vitest';
import { CrashRig, type Life, type Moment } from '../../../test/support/crash-rig.ts';
import { leaseDurationMs, never, startReplica } from '../../../test/support/ingester-rig.ts';

const partition = partitionIn('memory/db', 'all');

/** Tables and ids of rows that six transactions insert. */
const transactions: readonly (readonly (readonly [string, number])[])[] = [1, 2, 3, 4, 5, 6].map((n) =>
  (n % 2 === 0 ? ['A', 'C', 'A', 'B'] : ['C', 'B', 'B']).map((table, i) => [table, 10 * n + i] as const),
);
const endOfAll = `${'6'.padStart(20, '0')}:${'4'.padStart(10, '0')}`;

/** The source keeps what it was not told to be saved. */
function database(clock: ManualClock): InMemoryChangeSource {
  const source = new InMemoryChangeSource({ clock, partition: 'database', keep: 'unsaved', maxChanges: 5 });
  for (const table of ['A', 'B', 'C']) source.addTable(table);
  for (const rows of transactions)
    source.commit(rows.map(([table, Id]) => ({ table, operation: 'insert', data: { Id } })));
  return source;
}

type BySession = Readonly<Record<string, readonly unknown[]>>;

/** Ids of the rows that belong into each session, in commit order. */
function committed(ordering: Ordering): BySession {
  const sessionOf = sessionRouter(ordering, (text) => text);
  const tables = Object.fromEntries(
    ['A', 'B', 'C'].map((table) => [table, { source: 'memory', database: 'db', schema: 'dbo', table }]),
  );
  const sessions = Map.groupBy(transactions.flat(), ([table, Id]) =>
    sessionOf({ table: tables[table]!, key: [Id] }),
  );
  return Object.fromEntries([...sessions].map(([session, rows]) => [session, rows.map(([, Id]) => Id)]));
}

function eventsOf({ body }: IncomingMessage): readonly StampedEvent[] {
  const lines = new TextDecoder().decode(body).split('\n');
  return lines.map((line) => JSON.parse(line) as StampedEvent);
}

/** Ids of the rows that a processor lets through which keeps each session's newest (generation, position). */
function settled(messages: readonly IncomingMessage[]): BySession {
  const sessions = Map.groupBy(messages, ({ sessionId = '' }) => sessionId);
  return Object.fromEntries(
    Array.from(sessions, ([session, own]) => {
      let newest: Progress | undefined;
      const fresh = own.flatMap(eventsOf).filter(({ metadata: { generation, position } }) => {
        const isFresh = isNewer({ generation, position }, newest);
        if (isFresh) newest = { generation, position };
        return isFresh;
      });
      return [session, fresh.map(({ data }) => data?.['Id'])];
    }),
  );
}

function started(fault: SendFault = () => undefined) {
  const clock = new ManualClock();
  const [source, topic] = [database(clock), new InMemoryTopic({ clock })];
  const leases = new InMemoryLeases({ instance: 'store' as InstanceId, durationMs: leaseDurationMs, clock });
  topic.subscription();
  topic.failSends(fault);
  const replica = startReplica('r1', { clock, source, topic, leases });
  return { clock, source, topic, leases, replica };
}

describe('a partition of several tables', () => {
  test('sends the changes of each table in its own session, in order, and keeps one checkpoint', async () => {
    const { clock, source, topic, leases, replica } = started();
    await clock.advance(5_000);
    const messages = topic.messages();
    expect(settled(messages)).toEqual(committed(byTable));
    expect(messages.flatMap(eventsOf)).toHaveLength(21);
    for (const message of messages) {
      const [first, ...others] = new Set(eventsOf(message).map(({ metadata }) => metadata.table));
      expect(others).toEqual([]);
      expect(message).toMatchObject({ subject: `dbo.${first}`, properties: { schema: 'dbo', table: first } });
    }
    expect(replica.owned()).toMatchObject([{ key: 'memory/db/all', table: 'all', changes: 21 }]);
    expect((await replica.scrape()).get('dstream_changes_sent_total{table="all"}')).toBe(21);
    await replica.stop();
    const saved = await leases.load(partition, { signal: never });
    expect(saved).toEqual({ at: expect.anything(), generation: expect.any(Number) });
    expect(source.kept).toBe(0);
  });

  test('is held up by a change that is too large, and what the other sessions took is not sent again', async () => {
    const tooLarge = new DStreamError('MessageTooLarge', 'the limit is 9 bytes');
    const ofB: SendFault = ({ sessionId }) => (sessionId.endsWith('.B') ? tooLarge : undefined);
    const { clock, topic, replica } = started(ofB);
    await clock.advance(5_000);
    expect(replica.owned()).toMatchObject([{ table: 'all', fault: { code: 'ChangeTooLarge' } }]);
    expect(replica.owned()[0]?.fault?.message).toMatch(/^a change of dbo\.B cannot be sent/);
    expect(settled(topic.messages())).toEqual({ 'memory/db/dbo.A': [20], 'memory/db/dbo.C': [10, 21] });
    topic.failSends(() => undefined);
    await clock.advance(5_000);
    expect(settled(topic.messages())).toEqual(committed(byTable));
    expect(topic.messages().flatMap(eventsOf)).toHaveLength(21);
    await replica.stop();
  });
});

/** Each batch, and each save that is passed to the source, is a moment of the replica. */
function watched(
  source: InMemoryChangeSource,
  life: Life,
  told: (at: ResumePoint) => void = () => undefined,
) {
  return {
    scope: source.scope,
    partitions: (o) => source.partitions(o),
    async *read(which, after, o) {
      for await (const batch of source.read(which, after, o)) {
        await life.moment('read', o.signal);
        yield batch;
      }
    },
    saved: (which, at) => {
      life.note('told');
      told(at);
      source.saved(which, at);
    },
    faultPauseMs: () => source.faultPauseMs(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  } satisfies ChangeSource;
}

describe.each<[string, Ordering]>([
  ['table', byTable],
  ['key', { by: 'key', sessions: 2 }],
])('a partition of several tables that is ordered by %s', (_, ordering) => {
  function setup() {
    const rig = new CrashRig({ partition, end: endOfAll, ordering });
    return { rig, source: database(rig.clock) };
  }

  test('comes whole and once into its sessions after a crash at any read, send or save', async () => {
    const quiet = setup();
    const moments = await quiet.rig.run((life) => watched(quiet.source, life));
    expect(settled(quiet.rig.messages)).toEqual(committed(ordering));
    expect(quiet.rig.messages.flatMap(eventsOf)).toHaveLength(21);
    for (let at = 1; at <= moments.length; at += 1) {
      const { rig, source } = setup();
      await rig.run((life) => watched(source, life), at);
      await rig.run((life) => watched(source, life));
      expect(settled(rig.messages), `after a crash at moment ${at}`).toEqual(committed(ordering));
      expect(rig.holes, `holes after a crash at moment ${at}`).toEqual([]);
    }
  });

  test('passes each checkpoint to its source when it is stored, and never before', async () => {
    const { rig, source } = setup();
    const told: string[] = [];
    const moments = await rig.run((life) => watched(source, life, ({ position }) => told.push(position)));
    const ofSaves = new Set<Moment>(['save begins', 'saved', 'told']);
    expect(moments.filter((moment) => ofSaves.has(moment))).toEqual(told.flatMap(() => [...ofSaves]));
    expect(told.length).toBeGreaterThan(3);
    expect(told.at(-1)).toBe(await rig.savedUpTo());
  });
});
