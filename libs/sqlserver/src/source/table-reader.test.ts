import { createHash } from 'node:crypto';
import {
  DStreamError,
  silentLog,
  type ChangeBatch,
  type ChangeEvent,
  type ResumePoint,
  type TableId,
} from '@dstream/core';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  FakeCdcClient,
  lsn,
  type FakeInstance,
  type FakeRow,
} from '../../../../test/support/fake-cdc-client.ts';
import { noSourceObserver } from '../source-observer.ts';
import { Prober } from './prober.ts';
import type { Start } from './reader-context.ts';
import { TableReader } from './table-reader.ts';

const table: TableId = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const intervals = { intervalMs: 1_000, maxIntervalMs: 4_000 };

function instance(rows: readonly FakeRow[], more: Partial<FakeInstance> = {}): FakeInstance {
  const column = (name: string, ordinal: number) => ({
    name,
    type: name === 'Id' ? 'int' : 'nvarchar',
    ordinal,
    computed: false,
  });
  return {
    name: 'dbo_Persons',
    startLsn: lsn(1),
    columns: [column('Id', 1), column('Name', 2)],
    key: ['Id'],
    rows: [...rows],
    ...more,
  };
}

function row(at: number, seqval: number, operation: number, id: number, name = `v${at}`): FakeRow {
  const mask = operation < 3 ? Buffer.from([3]) : Buffer.from([2]);
  return { lsn: lsn(at), seqval: lsn(seqval), operation, mask, values: [id, name] };
}

interface Rig {
  readonly client: FakeCdcClient;
  readonly clock: ManualClock;
  readonly prober: Prober;
  readonly stop: (reason: Error) => void;
  readonly read: (after?: ResumePoint) => AsyncGenerator<ChangeBatch>;
}

function rig(
  instances: FakeInstance[],
  max: number,
  { maxRows = 5_000, start = 'earliest' }: { maxRows?: number; start?: Start } = {},
): Rig {
  const client = new FakeCdcClient(instances, lsn(max));
  const clock = new ManualClock();
  const prober = new Prober(client, clock);
  const context = {
    client,
    clock,
    prober,
    start,
    log: silentLog,
    observer: noSourceObserver,
    random: () => 0,
    hash: (text: string) => createHash('sha256').update(text).digest('hex'),
    limits: { maxRows, maxBytes: 1_000_000 },
  };
  const controller = new AbortController();
  const { signal } = controller;
  return {
    client,
    clock,
    prober,
    stop: (reason) => controller.abort(reason),
    read: (after) => new TableReader(context, table, intervals, { signal }).read(after),
  };
}

/** From now on the catalogue has no `start_lsn` for the instance, until it is said to be established. */
function withoutLsn(client: FakeCdcClient, name: string): { established: boolean } {
  const state = { established: false };
  const query = client.query.bind(client);
  client.query = async (statement) => {
    const sets = await query(statement);
    const isEmpty = ([first, lsnBytes]: readonly unknown[]) =>
      !state.established && first === name && Buffer.isBuffer(lsnBytes);
    return sets.map((rows) => rows.map((row) => (isEmpty(row) ? [name, null] : row)));
  };
  return state;
}

/** Batches until the one that has read all up to `max`. */
async function upTo(batches: AsyncIterable<ChangeBatch>, max: number): Promise<ChangeBatch[]> {
  const taken: ChangeBatch[] = [];
  for await (const batch of batches) {
    taken.push(batch);
    if (batch.end.position === `${lsn(max)}:~`) break;
  }
  return taken;
}

const changesOf = (batches: readonly ChangeBatch[]): ChangeEvent[] => batches.flatMap((b) => b.changes);

/** A transaction's rows with rising seqvals: inserts, deletes, updates, key updates in place and away. */
const transaction = fc.array(
  fc.record({
    kind: fc.constantFrom('insert', 'delete', 'update', 'move', 'replace'),
    id: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 6 },
);

function rowsOf(transactions: readonly (readonly { kind: string; id: number }[])[]): FakeRow[] {
  return transactions.flatMap((steps, t) =>
    steps.flatMap(({ kind, id }, s): FakeRow[] => {
      const at = t + 2;
      if (kind === 'insert') return [row(at, s, 2, id)];
      if (kind === 'delete') return [row(at, s, 1, id)];
      if (kind === 'update') return [row(at, s, 3, id, 'old'), row(at, s, 4, id, 'new')];
      return [row(at, s, 1, id, 'old'), row(at, s, 2, kind === 'move' ? id + 10 : id, 'new')];
    }),
  );
}

describe('a table reader', () => {
  test('gives an update both images, its changed columns and the commit time in UTC', async () => {
    const { read } = rig([instance([row(2, 5, 3, 1, 'Dina'), row(2, 5, 4, 1, 'Diana')])], 2);
    const [change] = changesOf(await upTo(read(), 2));
    expect(change).toEqual({
      data: { Id: 1, Name: 'Diana' },
      before: { Id: 1, Name: 'Dina' },
      metadata: {
        version: 1,
        id: `db1/shop/dbo.Persons:${lsn(2)}:${lsn(5)}:4`,
        source: 'sqlserver',
        server: 'db1',
        database: 'shop',
        schema: 'dbo',
        table: 'Persons',
        captureInstance: 'dbo_Persons',
        operation: 'update',
        key: { Id: 1 },
        changed: ['Name'],
        lsn: `0x${lsn(2)}`,
        seqval: `0x${lsn(5)}`,
        sequence: 1,
        committedAt: '2026-11-20T09:00:02.123Z',
        position: `${lsn(2)}:0000000001`,
      },
    });
  });

  test('a delete and an insert with one seqval are one update when the key is the same, else two changes', async () => {
    const same = [row(2, 1, 1, 1, 'a'), row(2, 1, 2, 1, 'b')];
    const moved = [row(3, 1, 1, 1, 'b'), row(3, 1, 2, 9, 'b')];
    const { read } = rig([instance([...same, ...moved])], 3);
    const changes = changesOf(await upTo(read(), 3));
    expect(changes.map((c) => [c.metadata.operation, c.data, c.before, c.metadata.changed])).toEqual([
      ['update', { Id: 1, Name: 'b' }, { Id: 1, Name: 'a' }, ['Name']],
      ['delete', { Id: 1, Name: 'b' }, undefined, undefined],
      ['insert', { Id: 9, Name: 'b' }, undefined, undefined],
    ]);
  });

  test('rows with the same complete key are all read, whatever cuts them', async () => {
    const ties = [row(2, 1, 2, 1, 'a'), row(2, 1, 2, 2, 'b'), row(2, 1, 2, 3, 'c')];
    for (const maxRows of [1, 2, 3, 7]) {
      const { read } = rig([instance(ties)], 2, { maxRows });
      const changes = changesOf(await upTo(read(), 2));
      expect(changes.map((c) => c.data?.['Name'])).toEqual(['a', 'b', 'c']);
      expect(new Set(changes.map((c) => c.metadata.id)).size).toBe(3);
    }
  });

  test('changes, ids and ordinals do not depend on where pages are cut', () =>
    fc.assert(
      fc.asyncProperty(fc.array(transaction, { minLength: 1, maxLength: 4 }), async (transactions) => {
        const max = transactions.length + 1;
        const rows = rowsOf(transactions);
        const whole = changesOf(await upTo(rig([instance(rows)], max).read(), max));
        for (const maxRows of [1, 2, 3, 7])
          expect(changesOf(await upTo(rig([instance(rows)], max, { maxRows }).read(), max))).toEqual(whole);
        expect([...whole].map((c) => c.metadata.position).sort()).toEqual(
          whole.map((c) => c.metadata.position),
        );
        expect(new Set(whole.map((c) => c.metadata.id)).size).toBe(whole.length);
      }),
      { numRuns: 60 },
    ));

  test('reading on from any batch, with any page size, gives exactly the rest', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(transaction, { minLength: 1, maxLength: 3 }),
        fc.constantFrom(1, 2, 3, 7),
        async (transactions, maxRows) => {
          const max = transactions.length + 1;
          const rows = rowsOf(transactions);
          const batches = await upTo(rig([instance(rows)], max, { maxRows }).read(), max);
          for (const [index, { end }] of batches.slice(0, -1).entries()) {
            const rest = await upTo(rig([instance(rows)], max, { maxRows: 3 }).read(end), max);
            expect(changesOf(rest)).toEqual(changesOf(batches.slice(index + 1)));
          }
        },
      ),
      { numRuns: 40 },
    ));

  test('who reads on hears at once that the table can be read, also when nothing has happened', async () => {
    const { client, read } = rig([instance([row(2, 1, 2, 1)])], 5);
    const stored = (await upTo(read(), 5)).at(-1)?.end;
    client.statements.length = 0;
    expect((await read(stored).next()).value).toEqual({ changes: [], end: stored });
    expect(client.statements.filter(({ text }) => text.includes('fn_cdc_get_max_lsn'))).toHaveLength(1);
  });

  test('a trickle costs one probe and one read', async () => {
    const only = instance([]);
    const { client, clock, read } = rig([only], 2);
    const batches = read();
    await batches.next();
    await batches.next();
    client.statements.length = 0;
    only.rows.push(row(3, 1, 2, 1));
    client.max = lsn(3);
    const next = batches.next();
    await clock.advance(1_000);
    expect((await next).value?.changes).toHaveLength(1);
    expect(client.statements).toHaveLength(2);
  });

  test('a backlog of one-row transactions costs a bound and a page for every window', async () => {
    const rows = Array.from({ length: 20 }, (_, i) => row(i + 2, 1, 2, i));
    const { client, read } = rig([instance(rows)], 21, { maxRows: 5 });
    await upTo(read(), 21);
    const asked = (part: string) => client.statements.filter(({ text }) => text.includes(part)).length;
    expect([asked('AS [bound]'), asked('fn_cdc_get_all_changes')]).toEqual([4, 4]);
  });

  test('a window whose last transaction goes beyond the bound is still one page', async () => {
    const two = Array.from({ length: 9 }, (_, i) => [row(i + 2, 1, 2, i), row(i + 2, 2, 2, i)]).flat();
    const { client, read } = rig([instance(two)], 10, { maxRows: 5 });
    await upTo(read(), 10);
    const asked = (part: string) => client.statements.filter(({ text }) => text.includes(part)).length;
    expect([asked('AS [bound]'), asked('fn_cdc_get_all_changes')]).toEqual([3, 3]);
  });

  test('an idle table moves on and is asked less and less often', async () => {
    const { client, clock, read } = rig([instance([])], 2);
    const batches = read();
    expect((await batches.next()).value.end.position).toBe(`${lsn(0)}:~`);
    expect((await batches.next()).value.end.position).toBe(`${lsn(2)}:~`);
    client.statements.length = 0;
    client.max = lsn(7);
    const idle = batches.next();
    await clock.advance(1_000);
    expect((await idle).value).toMatchObject({ changes: [], end: { position: `${lsn(7)}:~` } });
    const never = batches.next();
    await clock.advance(1_000);
    expect(client.statements).toHaveLength(1);
    await clock.advance(1_000 + 4_000 + 4_000);
    expect(client.statements).toHaveLength(4);
    client.max = lsn(8);
    await clock.advance(4_000);
    expect((await never).value.end.position).toBe(`${lsn(8)}:~`);
    await batches.return(undefined);
    expect(clock.sleeping).toBe(0);
  });

  test('a place below the low-water mark is lost history, and says from where to where', async () => {
    const { read } = rig([instance([], { startLsn: lsn(9) })], 12);
    const from = {
      position: `${lsn(4)}:~`,
      token: JSON.stringify({ mode: 'functions', lsn: lsn(4) }),
    } as ResumePoint;
    await expect(read(from).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(`0x${lsn(9)}.*0x${lsn(5)}.*cleaned up unread`),
    });
  });

  test('an instance that was created anew is told apart from one that was cleaned up', async () => {
    const { read } = rig([instance([], { startLsn: lsn(9), createdAt: lsn(9) })], 12);
    const from = {
      position: `${lsn(4)}:~`,
      token: JSON.stringify({ mode: 'functions', lsn: lsn(4) }),
    } as ResumePoint;
    await expect(read(from).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringMatching(`created anew at 2026-11-20T09:00:09.123Z.*0x${lsn(9)}.*0x${lsn(5)}`),
    });
  });

  test('lost history is said also when nothing more can be asked', async () => {
    const { client, read } = rig([instance([], { startLsn: lsn(9), createdAt: lsn(9) })], 12);
    client.before = ({ text }) => {
      if (text.includes('AS [is_transaction]')) throw new Error('gone');
    };
    const from = {
      position: `${lsn(4)}:~`,
      token: JSON.stringify({ mode: 'functions', lsn: lsn(4) }),
    } as ResumePoint;
    await expect(read(from).next()).rejects.toMatchObject({
      code: 'HistoryLost',
      message: expect.stringContaining('cleaned up unread'),
    });
  });

  test('a place above all that the source knows means that it went back', async () => {
    const { read } = rig([instance([])], 12);
    const from = {
      position: '',
      token: JSON.stringify({ mode: 'functions', lsn: lsn(40) }),
    } as unknown as ResumePoint;
    await expect(read(from).next()).rejects.toMatchObject({
      code: 'SourceWentBack',
      message: expect.stringContaining('replica that lags'),
    });
  });

  test('a new instance that capture has not come to yet is waited for', async () => {
    const { client, clock, read } = rig([instance([row(30, 1, 2, 1)], { startLsn: lsn(20) })], 12);
    const batches = read();
    const first = await batches.next();
    expect(first.value.end.position).toBe(`${lsn(19)}:~`);
    const next = batches.next();
    await clock.advance(1_000);
    client.max = lsn(30);
    await clock.advance(4_000);
    expect((await next).value.changes).toHaveLength(1);
  });

  test('history that is cleaned up while a page is read is not passed over', async () => {
    const only = instance([row(2, 1, 2, 1), row(3, 1, 2, 2)]);
    const { client, read } = rig([only], 3);
    client.before = ({ text }) => {
      if (text.includes('fn_cdc_get_all_changes'))
        Object.assign(only, { startLsn: lsn(3), rows: only.rows.slice(1) });
    };
    const batches = read();
    await batches.next();
    await expect(batches.next()).rejects.toMatchObject({ code: 'HistoryLost' });
  });

  test('the next capture instance takes over exactly at its start', async () => {
    const old = instance([row(2, 1, 2, 1), row(5, 1, 2, 2), row(7, 1, 2, 3)], { name: 'old' });
    const young = instance([row(5, 1, 2, 2), row(7, 1, 2, 3)], { name: 'young', startLsn: lsn(5) });
    const changes = changesOf(await upTo(rig([old, young], 7).read(), 7));
    expect(changes.map((c) => [c.data?.['Id'], c.metadata.captureInstance])).toEqual([
      [1, 'old'],
      [2, 'young'],
      [3, 'young'],
    ]);
  });

  test('an instance without its first LSN is waited for, then read', async () => {
    const { client, clock, read } = rig([instance([row(3, 1, 2, 1)], { startLsn: lsn(2) })], 3);
    const answers = withoutLsn(client, 'dbo_Persons');
    const batches = read();
    const first = batches.next();
    await clock.advance(1_000 + 2_000);
    const looks = client.statements.filter(({ text }) => text.includes('captured_columns')).length;
    expect([looks, client.statements.some(({ text }) => text.includes('max_lsn'))]).toEqual([3, false]);
    answers.established = true;
    await clock.advance(4_000);
    expect((await first).value).toMatchObject({ changes: [], end: { position: `${lsn(1)}:~` } });
    expect((await batches.next()).value?.changes).toHaveLength(1);
    await batches.return(undefined);
    expect(clock.sleeping).toBe(0);
  });

  test('a wait for the first LSN ends with the reason of the abort', async () => {
    const { client, clock, stop, read } = rig([instance([])], 3);
    withoutLsn(client, 'dbo_Persons');
    const waiting = expect(read().next()).rejects.toThrow('enough');
    await clock.advance(10);
    stop(new Error('enough'));
    await waiting;
    expect(clock.sleeping).toBe(0);
  });

  test('an instance that begins right after the first look into the catalogue still takes over', async () => {
    const old = instance([row(2, 1, 2, 1), row(5, 1, 2, 2)], { name: 'old' });
    const young = instance([row(5, 1, 2, 2)], { name: 'young', startLsn: lsn(5) });
    const { client, read } = rig([old, young], 5);
    const answers = withoutLsn(client, 'young');
    client.before = ({ text }) => {
      if (text.includes('max_lsn')) answers.established = true;
    };
    const changes = changesOf(await upTo(read(), 5));
    expect(changes.map((c) => c.metadata.captureInstance)).toEqual(['old', 'young']);
  });

  test.each([
    ['gone for good', Infinity, 'TableNotCaptured'],
    ['missing for a moment', 2, 'Transient'],
  ])('a change table that is %s though its instance is registered', async (_, times, code) => {
    const { client, read } = rig([instance([])], 3);
    let left = times;
    client.before = ({ text }) => {
      const cause = Object.assign(new Error('Invalid object name'), { number: 208 });
      // The probe of all tables, then that of this one, then the look whether it is there.
      if (text.includes('_CT]') && left-- > 0) throw new DStreamError('Unexpected', 'error 208', { cause });
    };
    await expect(read().next()).rejects.toMatchObject({ code });
  });

  test('a token that is not its own is refused', async () => {
    const { read } = rig([instance([])], 2);
    const from = { position: '', token: '{"mode":"other"}' } as unknown as ResumePoint;
    await expect(read(from).next()).rejects.toMatchObject({ code: 'CheckpointUnreadable' });
  });
});
