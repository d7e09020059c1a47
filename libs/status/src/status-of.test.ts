import type { AnnouncementId, InstanceId, LeaseOverview, PartitionId, StoredPartition } from '@dstream/core';
import { expect, test } from 'vitest';
import type { Answer } from './ask-replica.ts';
import type { ReportedTable } from './replica-report.ts';
import { statusOf } from './status-of.ts';

const atMs = Date.UTC(2026, 10, 20);

const announced = (name: string) => `${name}-1` as AnnouncementId;

function stored(table: string, change: Partial<StoredPartition> = {}): StoredPartition {
  const checkpoint = { position: '5', generation: 1, savedAt: '2026-11-19T23:59:50.000Z' };
  return {
    partition: `s/d/dbo.${table}` as PartitionId,
    owner: 'i1' as InstanceId,
    announcement: announced('i1'),
    endless: false,
    epoch: 3,
    checkpoint,
    problem: undefined,
    ...change,
  };
}

function reported(table: string, change: Partial<ReportedTable> = {}): ReportedTable {
  return {
    key: `s/d/dbo.${table}`,
    table: `dbo.${table}`,
    owner: 'i1',
    announcement: `${change.owner ?? 'i1'}-1`,
    epoch: 3,
    position: '7',
    lagMs: 40,
    changes: 12,
    changesPerSecond: 1.5,
    fault: null,
    ...change,
  };
}

function answer(instance: string, ...tables: readonly ReportedTable[]): Answer {
  const report = { ingester: { instance, announcement: announced(instance), tables }, processor: undefined };
  return { address: `http://${instance}`, report, problem: undefined };
}

function refused(instance: string): Answer {
  return { address: `http://${instance}`, report: undefined, problem: 'nothing listens there' };
}

function live(name: string, address: string | undefined) {
  return { instance: name as InstanceId, announcement: announced(name), address };
}

function overview(
  partitions: readonly StoredPartition[],
  instances: readonly string[] = ['i1'],
): LeaseOverview {
  return {
    instances: instances.map((name) => live(name, `http://${name}`)),
    partitions,
  };
}

const tableOf = (inputs: Omit<Parameters<typeof statusOf>[0], 'atMs'>) =>
  statusOf({ ...inputs, atMs }).tables[0];

test('what the owner reports and what is stored are in one row', () => {
  expect(
    statusOf({ atMs, overview: overview([stored('A')]), answers: [answer('i1', reported('A'))] }),
  ).toEqual({
    version: 1,
    at: '2026-11-20T00:00:00.000Z',
    tables: [
      {
        table: 'dbo.A',
        key: 's/d/dbo.A',
        state: 'running',
        owner: 'i1',
        epoch: 3,
        position: '7',
        lagMs: 40,
        changesPerSecond: 1.5,
        changes: 12,
        fault: null,
        checkpoint: { position: '5', generation: 1, savedAt: '2026-11-19T23:59:50.000Z' },
        note: null,
      },
    ],
    replicas: [
      {
        instance: 'i1',
        services: ['ingester'],
        address: 'http://i1',
        reachable: true,
        tables: 1,
        sessions: null,
        note: null,
      },
    ],
    outputs: [],
    transforms: [],
    notes: [],
  });
});

test('of an owner who cannot be asked only what is stored is known, and why', () => {
  expect(tableOf({ overview: overview([stored('A')]), answers: [refused('i1')] })).toMatchObject({
    state: 'unknown',
    owner: 'i1',
    position: '5',
    lagMs: null,
    changesPerSecond: null,
    changes: null,
    note: 'i1 cannot be asked: nothing listens there',
  });
});

test('a deposed owner is not believed, whatever it reports', () => {
  const seen = tableOf({
    overview: overview([stored('A', { owner: 'i2' as InstanceId, epoch: 4 })], ['i1', 'i2']),
    answers: [answer('i1', reported('A', { lagMs: 1 })), answer('i2', reported('A', { owner: 'i1' }))],
  });
  expect(seen).toMatchObject({
    state: 'unknown',
    owner: 'i2',
    epoch: 4,
    lagMs: null,
    note: 'i2 does not report the table: it has just acquired or lost it',
  });
});

test('what a replica reports of an earlier epoch of its own is not believed of the newer one', () => {
  const again = stored('A', { epoch: 5 });
  expect(tableOf({ overview: overview([again]), answers: [answer('i1', reported('A'))] })).toMatchObject({
    state: 'unknown',
    owner: 'i1',
    epoch: 5,
    lagMs: null,
    position: '5',
  });
});

test('who has taken the table since the storage was read is believed', () => {
  const seen = tableOf({
    overview: overview([stored('A')], ['i1', 'i2']),
    answers: [answer('i2', reported('A', { owner: 'i2', epoch: 4 }))],
  });
  expect(seen).toMatchObject({ state: 'running', owner: 'i2', epoch: 4, lagMs: 40 });
});

test('a table that nobody holds is free, also when its last owner still believes', () => {
  const free = stored('A', { owner: undefined });
  expect(tableOf({ overview: overview([free]), answers: [answer('i1', reported('A'))] })).toMatchObject({
    state: 'free',
    owner: null,
    epoch: 3,
    position: '5',
    lagMs: null,
    note: null,
  });
});

test('an owner that is not announced any more leaves its table when the lease ends', () => {
  expect(tableOf({ overview: overview([stored('A')], []), answers: [] })?.note).toBe(
    'i1 is no longer announced: the table moves when its lease ends',
  );
});

test('a lock of another program has an owner without a name', () => {
  const foreign = stored('A', { owner: '' as InstanceId, epoch: 0 });
  expect(tableOf({ overview: overview([foreign]), answers: [] })).toMatchObject({
    state: 'unknown',
    note: 'another program holds its lease',
  });
});

test('a fault and an unreadable checkpoint are faults', () => {
  const fault = { code: 'HistoryLost', message: 'gone' };
  const broken = stored('B', { owner: undefined, checkpoint: undefined, problem: 'it is not JSON' });
  const { tables } = statusOf({
    atMs,
    overview: overview([stored('A'), broken]),
    answers: [answer('i1', reported('A', { fault }))],
  });
  expect(tables).toMatchObject([
    { state: 'fault', fault },
    { state: 'fault', fault: { code: 'CheckpointUnreadable', message: 'it is not JSON' }, position: null },
  ]);
});

test('what is configured and was never owned is seen, by name without regard to case, and by pattern', () => {
  const configured = [
    { schema: 'DBO', table: 'a' },
    { schema: 'dbo', table: 'Late' },
    { schema: 'dbo', table: undefined },
    { schema: 'sales', table: undefined },
  ];
  const { tables } = statusOf({ atMs, configured, overview: overview([stored('A')]), answers: [] });
  expect(tables.map(({ table, state, key }) => [table, state, key])).toEqual([
    ['dbo.A', 'unknown', 's/d/dbo.A'],
    ['dbo.Late', 'unseen', null],
    ['sales.*', 'unseen', null],
  ]);
});

test('without a storage the newest epoch that anybody names decides', () => {
  const answers = [
    answer('i1', reported('A', { epoch: 3 }), reported('B', { owner: null, epoch: null })),
    answer('i2', reported('A', { owner: 'i2', epoch: 4 })),
    answer('i3', reported('C', { owner: 'i9', epoch: 1 })),
  ];
  expect(statusOf({ atMs, answers }).tables).toMatchObject([
    { table: 'dbo.A', state: 'running', owner: 'i2', epoch: 4 },
    { table: 'dbo.C', state: 'unknown', owner: 'i9', note: 'i9 was not asked' },
  ]);
});

test('tables of one name in two databases are two', () => {
  const other = stored('A', { partition: 's/other/dbo.A' as PartitionId });
  expect(statusOf({ atMs, overview: overview([other, stored('A')]), answers: [] }).tables).toMatchObject([
    { table: 'dbo.A', key: 's/d/dbo.A' },
    { table: 'dbo.A', key: 's/other/dbo.A' },
  ]);
});

test('who answers under another name than announced is not the one that was meant', () => {
  const theirs = { ...reported('B', { owner: 'elsewhere' }), key: 'other/d/dbo.B' };
  const impostor = {
    ...answer('elsewhere', reported('A', { owner: 'elsewhere', epoch: 9 }), theirs),
    address: 'http://i1',
  };
  const status = statusOf({ atMs, overview: overview([stored('A')]), answers: [impostor] });
  expect(status.replicas).toMatchObject([
    { instance: 'i1', reachable: false, note: expect.stringContaining('elsewhere answers at this address') },
  ]);
  expect(status.tables).toMatchObject([{ state: 'unknown', owner: 'i1', epoch: 3, lagMs: null }]);
  expect(status.tables).toHaveLength(1);
});

test('of two machines that both serve at loopback, only the one that answers is reachable', () => {
  const instances = ['i1', 'i2'].map((name) => live(name, 'http://127.0.0.1:8080'));
  const partitions = [stored('A'), stored('B', { owner: 'i2' as InstanceId })];
  const here = { ...answer('i1', reported('A')), address: 'http://127.0.0.1:8080' };
  const status = statusOf({ atMs, overview: { instances, partitions }, answers: [here] });
  expect(status.replicas).toMatchObject([
    { instance: 'i1', reachable: true },
    { instance: 'i2', reachable: false, note: expect.stringContaining('i1 answers at this address') },
  ]);
  expect(status.tables).toMatchObject([{ state: 'running' }, { state: 'unknown', owner: 'i2' }]);
});

test('a replica without an address is unknown, and one that was only given by its address is listed', () => {
  const silent = { instances: [live('i1', undefined)], partitions: [] };
  const processor = {
    address: 'http://p',
    problem: undefined,
    report: { ingester: undefined, processor: { instance: 'p', sessions: 3, outputs: [], transforms: [] } },
  };
  const answers = [processor, refused('gone')];
  expect(statusOf({ atMs, overview: silent, answers }).replicas).toMatchObject([
    { instance: 'i1', reachable: false, address: null, note: expect.stringContaining('serves no status') },
    { instance: 'p', reachable: true, services: ['processor'], sessions: 3, tables: null },
    { instance: null, reachable: false, address: 'http://gone', note: 'nothing listens there' },
  ]);
});

test('nobody announced is a note, but only where the storage was asked', () => {
  expect(statusOf({ atMs, overview: overview([], []), answers: [] }).notes).toHaveLength(1);
  expect(statusOf({ atMs, answers: [] }).notes).toEqual([]);
});

test('a lease that is held by something else is a fault, as a waiting replica reports, else as the storage shows', () => {
  const held = { owner: '' as InstanceId, announcement: undefined, epoch: 0, checkpoint: undefined };
  const fault = { code: 'LeaseHeldElsewhere', message: 'the lease of dbo.A is held by something else' };
  const waiting = reported('A', { owner: '', announcement: null, epoch: 0, fault });
  const said = statusOf({
    atMs,
    overview: overview([stored('A', held)]),
    answers: [answer('i1', waiting)],
  });
  expect(said.tables).toMatchObject([{ state: 'fault', fault }]);
  const shown = tableOf({ overview: overview([stored('A', { endless: true })]), answers: [] });
  expect(shown).toMatchObject({
    state: 'fault',
    fault: { code: 'LeaseHeldElsewhere', message: expect.stringContaining('last owner was i1 (epoch 3)') },
  });
});

test('a lease that the store refuses is a fault, whether the table was ever owned or not, while nobody holds it', () => {
  const fault = { code: 'CheckpointUnreadable', message: 'it is not JSON' };
  const refused = reported('A', { owner: null, announcement: null, epoch: null, fault });
  const seen = (...partitions: readonly StoredPartition[]) =>
    tableOf({
      configured: [{ schema: 'dbo', table: 'A' }],
      overview: overview(partitions, ['i1', 'i2']),
      answers: [answer('i2', reported('A', { ...refused, fault: null })), answer('i1', refused)],
    });
  const free = { owner: undefined, announcement: undefined };
  expect(seen(stored('A', free))).toMatchObject({ state: 'fault', owner: null, epoch: 3, fault });
  expect(seen()).toMatchObject({ table: 'dbo.A', state: 'fault', owner: null, epoch: null, fault });
  expect(seen(stored('A', { owner: 'i2' as InstanceId, announcement: announced('i2') }))).toMatchObject({
    state: 'unknown',
    fault: null,
  });
});

test('two replicas of one name each report their own tables, and the name is a note', () => {
  const second = {
    instance: 'i1' as InstanceId,
    announcement: 'i1-2' as AnnouncementId,
    address: 'http://2',
  };
  const partitions = [stored('A'), stored('B', { announcement: second.announcement })];
  const ofSecond = { owner: 'i1', announcement: 'i1-2' };
  const unknown = { changesPerSecond: null, position: null };
  const first = answer('i1', reported('A'), reported('B', { ...ofSecond, ...unknown }));
  const other = {
    address: 'http://2',
    problem: undefined,
    report: {
      ingester: {
        instance: 'i1',
        announcement: 'i1-2',
        tables: [reported('A', unknown), reported('B', { ...ofSecond, changesPerSecond: 9 })],
      },
      processor: undefined,
    },
  };
  const instances = [live('i1', 'http://i1'), second];
  const status = statusOf({ atMs, overview: { instances, partitions }, answers: [other, first] });
  expect(status.tables).toMatchObject([{ changesPerSecond: 1.5 }, { changesPerSecond: 9 }]);
  expect(status.replicas).toMatchObject([{ tables: 1 }, { tables: 1 }]);
  expect(status.notes).toEqual([expect.stringContaining('2 replicas are announced as i1')]);
});
