/** What every ChangeSource promises (libs/core/src/change-source.ts). */
import {
  scopeOf,
  tableOfPartition,
  type ChangeBatch,
  type ChangeEvent,
  type ChangeSource,
  type PartitionId,
  type ResumePoint,
} from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test, type TestContext } from 'vitest';
import type { CapturedDatabase, Person } from '../support/captured-database.ts';
import { changesOf } from '../support/source-reading.ts';

const person = (Id: number, Name = `person ${Id}`): Person => ({ Id, Name });
const insert = (table: string, row: Person) => ({ table, insert: row });

/** Batches up to and including the one that brings the total to `count` changes. */
async function take(
  source: ChangeSource,
  table: PartitionId,
  count: number,
  from?: ResumePoint,
): Promise<readonly ChangeBatch[]> {
  const batches: ChangeBatch[] = [];
  if (count === 0) return batches;
  for await (const batch of source.read(table, from, { signal: AbortSignal.timeout(20_000) })) {
    batches.push(batch);
    if (changesOf(batches).length >= count) break;
  }
  return batches;
}

/** From the beginning, batch by batch. */
function iterate(source: ChangeSource, table: PartitionId): AsyncIterator<ChangeBatch> {
  const batches = source.read(table, undefined, { signal: AbortSignal.timeout(20_000) });
  return batches[Symbol.asyncIterator]();
}

const ids = (changes: readonly ChangeEvent[]) => changes.map((c) => c.metadata.id);

export function changeSourceContract(name: string, open: () => Promise<CapturedDatabase>): void {
  describe(`change source: ${name}`, () => {
    let stack: AsyncDisposableStack;
    let database: CapturedDatabase;

    beforeEach(async () => {
      stack = new AsyncDisposableStack();
      database = stack.use(await open());
    });
    afterEach(() => stack.disposeAsync());

    async function reading(table: string, start?: 'earliest' | 'latest') {
      const source = stack.use(database.source([table], start));
      return { source, table: await database.partition(source, table) };
    }

    const aPartitionIsATable = (skip: TestContext['skip']) =>
      skip(database.can.partition !== 'table', 'a partition holds several tables');

    const transactionsAreKnown = (skip: TestContext['skip']) =>
      skip(!database.can.transactions, 'each change is a transaction');

    /** Persons with three transactions: 2 inserts; an update and a delete; 5 inserts. Nine changes. */
    async function withHistory() {
      await database.capture('Persons');
      await database.commit([insert('Persons', person(1)), insert('Persons', person(2))]);
      await database.commit([
        { table: 'Persons', update: person(1, 'Diana'), before: person(1) },
        { table: 'Persons', delete: person(2) },
      ]);
      await database.commit([3, 4, 5, 6, 7].map((id) => insert('Persons', person(id))));
      return reading('Persons');
    }

    /** Changes of A, B and A again, committed together and read. */
    async function readABA() {
      await database.capture('A');
      await database.capture('B');
      await database.commit([insert('A', person(1)), insert('B', person(1)), insert('A', person(2))]);
      const source = stack.use(database.source(['A', 'B']));
      const [a, b] = [await database.partition(source, 'A'), await database.partition(source, 'B')];
      const counts = new Map([[a, 2]]).set(b, a === b ? 3 : 1);
      const read = await Promise.all(
        Array.from(counts, ([partition, count]) => take(source, partition, count)),
      );
      const encoded = read.flat().flatMap(({ changes }) => changes);
      expect(new Set(encoded.map((change) => change.table)).size).toBe(2);
      return changesOf(read.flat());
    }

    const namesOf = (changes: readonly ChangeEvent[]) => changes.map((c) => c.metadata.table);

    test('changes arrive in commit order with their images', async () => {
      const { source, table } = await withHistory();
      const changes = changesOf(await take(source, table, 9));
      expect(changes.map((c) => [c.metadata.operation, c.data, c.before])).toEqual([
        ['insert', person(1), undefined],
        ['insert', person(2), undefined],
        ['update', person(1, 'Diana'), person(1)],
        ['delete', person(2), undefined],
        ...[3, 4, 5, 6, 7].map((id) => ['insert', person(id), undefined]),
      ]);
      expect(changes[2]?.metadata).toMatchObject({ key: { Id: 1 }, changed: ['Name'], table: 'Persons' });
    });

    test('the changes of a transaction are counted from 1', async ({ skip }) => {
      transactionsAreKnown(skip);
      const { source, table } = await withHistory();
      const changes = changesOf(await take(source, table, 9));
      expect(changes.map((c) => c.metadata.sequence)).toEqual([1, 2, 1, 2, 1, 2, 3, 4, 5]);
    });

    test('a partition stands below the scope of its source, may rest, and its changes carry one table object', async () => {
      const { source, table } = await withHistory();
      expect(table.startsWith(`${source.scope}/`)).toBe(true);
      expect(source.faultPauseMs(table)).toBeGreaterThan(0);
      const batches = await take(source, table, 9);
      const tables = new Set(batches.flatMap(({ changes }) => changes.map((change) => change.table)));
      const [persons, ...others] = tables;
      expect([persons?.table, persons && scopeOf(persons), others]).toEqual(['Persons', source.scope, []]);
      expect(tableOfPartition(table)).toEqual(database.can.partition === 'table' ? persons : undefined);
      expect(() => source.saved?.(table, batches.at(-1)!.end)).not.toThrow();
    });

    test('positions ascend as text and ids are unique and short', async () => {
      const { source, table } = await withHistory();
      const changes = changesOf(await take(source, table, 9));
      const positions = changes.map((c) => c.metadata.position);
      expect([...new Set(positions)].sort()).toEqual(positions);
      expect(new Set(ids(changes)).size).toBe(9);
      expect(Math.max(...ids(changes).map((id) => id.length))).toBeLessThanOrEqual(96);
      expect(changes.map((c) => new Date(c.metadata.committedAt).toISOString())).toEqual(
        changes.map((c) => c.metadata.committedAt),
      );
    });

    test('reading on from the end of any batch gives exactly the rest, with the same ids', async () => {
      const { source, table } = await withHistory();
      const batches = await take(source, table, 9);
      expect(batches.filter((b) => b.changes.length > 0).length).toBeGreaterThan(1);
      for (const [index, { end }] of batches.entries()) {
        const rest = changesOf(batches.slice(index + 1));
        expect(await take(source, table, rest.length, end).then(changesOf)).toEqual(rest);
      }
    });

    test('the end of a batch is not before its last change, and before the first of the next', async () => {
      const { source, table } = await withHistory();
      const batches = await take(source, table, 9);
      const line = batches.flatMap(({ changes, end }) => [
        ...changes.map((c) => ({ at: c.position, rank: 0 })),
        { at: end.position, rank: 1 },
      ]);
      const sorted = [...line].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : a.rank - b.rank));
      expect(line).toEqual(sorted);
    });

    test('tables changed by one transaction are counted apart', async ({ skip }) => {
      transactionsAreKnown(skip);
      const changes = Map.groupBy(await readABA(), (c) => c.metadata.table);
      expect(changes.get('A')?.map((c) => c.metadata.sequence)).toEqual([1, 2]);
      expect(changes.get('B')?.map((c) => c.metadata.sequence)).toEqual([1]);
    });

    test('a partition has all changes of its tables in commit order, each with the one object of its table', async () => {
      const changes = await readABA();
      const isTable = database.can.partition === 'table';
      expect(namesOf(changes)).toEqual(isTable ? ['A', 'A', 'B'] : ['A', 'B', 'A']);
      expect(changes.map((c) => c.data?.['Id'])).toEqual(isTable ? [1, 2, 1] : [1, 1, 2]);
    });

    test('the scope stays what it was, but for the letter case that the catalogue has', async () => {
      await database.capture('Persons');
      const source = stack.use(database.source(['Persons']));
      const before = source.scope;
      await database.partition(source, 'Persons');
      expect(source.scope.toLowerCase()).toBe(before.toLowerCase());
    });

    test('it waits for what comes later', async () => {
      await database.capture('Persons');
      const { source, table } = await reading('Persons');
      const arriving = take(source, table, 1);
      await database.commit([insert('Persons', person(1))]);
      expect(changesOf(await arriving).map((c) => c.data)).toEqual([person(1)]);
    });

    test('a wait ends with the reason of the abort', async () => {
      await database.capture('Persons');
      const { source, table } = await reading('Persons');
      const controller = new AbortController();
      const batches = source.read(table, undefined, { signal: controller.signal });
      const ended = (async () => {
        for await (const batch of batches)
          if (batch.changes.length === 0) controller.abort(new Error('enough'));
      })();
      await expect(ended).rejects.toThrow('enough');
    });

    test('an idle table moves on', async ({ skip }) => {
      aPartitionIsATable(skip);
      await database.capture('Idle');
      await database.capture('Busy');
      const { source, table } = await reading('Idle');
      const batches = iterate(source, table);
      const first = await batches.next();
      await database.commit([insert('Busy', person(1))]);
      let end: ResumePoint = first.value.end;
      while (end.position === first.value.end.position) end = (await batches.next()).value.end;
      expect(end.position > first.value.end.position).toBe(true);
      await batches.return?.();
    });

    test('the start "latest" leaves out what was there before', async () => {
      const { table } = await withHistory();
      const source = stack.use(database.source(['Persons'], 'latest'));
      const batches = iterate(source, table);
      await batches.next(); // the batch that says where it begins
      await database.commit([insert('Persons', person(8))]);
      let changes: readonly ChangeEvent[] = [];
      while (changes.length === 0) changes = changesOf([(await batches.next()).value]);
      expect(changes.map((c) => c.data)).toEqual([person(8)]);
      await batches.return?.();
    });

    test('a checkpoint older than what is kept is a loss that is named, also when nothing was read yet', async ({
      skip,
    }) => {
      skip(database.can.forgets === 'nothing', 'nothing is ever lost');
      const { source, table } = await withHistory();
      const [start, middle] = await take(source, table, 2);
      await database.cleanUp('Persons');
      for (const checkpoint of [start, middle])
        await expect(take(source, table, 9, checkpoint?.end)).rejects.toMatchObject({ code: 'HistoryLost' });
    });

    test('the loss of one table leaves the others as they are', async ({ skip }) => {
      aPartitionIsATable(skip);
      skip(database.can.forgets !== 'table', 'no table is cleaned up alone');
      const { source, table } = await withHistory();
      const [start] = await take(source, table, 1);
      await database.capture('Other');
      await database.cleanUp('Persons');
      await database.commit([insert('Other', person(1))]);
      await expect(take(source, table, 9, start?.end)).rejects.toMatchObject({ code: 'HistoryLost' });
      const other = await reading('Other');
      expect(changesOf(await take(other.source, other.table, 1))).toHaveLength(1);
    });

    test('a table that does not exist is a fault of that table', async ({ skip }) => {
      aPartitionIsATable(skip);
      await database.capture('Persons');
      const source = stack.use(database.source(['Nowhere', 'Persons']));
      const table = await database.partition(source, 'Nowhere');
      await expect(take(source, table, 1)).rejects.toMatchObject({ code: 'TableNotFound' });
      expect(tableOfPartition(await database.partition(source, 'Persons'))?.table).toBe('Persons');
    });
  });
}
