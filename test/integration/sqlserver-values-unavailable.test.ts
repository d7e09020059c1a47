/** What CDC does not carry is told from NULL, at every width of the update mask and with columns left out. */
import type { ChangeEvent } from '@dstream/core';
import { beforeAll, describe, expect, test } from 'vitest';
import { isBitSet } from '../../libs/sources/sqlserver/src/rows/row-images.ts';
import { capturedEvents } from '../support/captured-events.ts';
import { useValuesDatabase } from '../support/use-values-database.ts';

const database = useValuesDatabase();

/** The columns that CDC does not always carry, and a value of each. */
const large = {
  Wide: { type: 'nvarchar(max)', sql: "N'w'", value: 'w' },
  Narrow: { type: 'varchar(max)', sql: "'n'", value: 'n' },
  Tree: { type: 'xml', sql: "N'<t/>'", value: '<t/>' },
  OldText: { type: 'text', sql: "'t'", value: 't' },
  OldWide: { type: 'ntext', sql: "N'o'", value: 'o' },
  OldBytes: { type: 'image', sql: '0xFF', value: '/w==' },
  Bytes: { type: 'varbinary(max)', sql: '0xFE', value: '/g==' },
} as const;
const old = ['OldText', 'OldWide', 'OldBytes'];
const names = Object.keys(large);

/** Id, numbers, and the large ones last: so those stand in the byte of the mask that a table of this width has more. */
function columnsOf(width: number): readonly { readonly name: string; readonly type: string }[] {
  const numbers = Array.from({ length: width - 1 - names.length }, (_, i) => ({
    name: `N${i}`,
    type: 'int',
  }));
  return [...numbers, ...Object.entries(large).map(([name, { type }]) => ({ name, type }))];
}

const row = (id: number, sql: (name: string, type: string) => string, width: number) =>
  `(${[String(id), ...columnsOf(width).map(({ name, type }) => sql(name, type))].join()})`;
const isLarge = (name: string): name is keyof typeof large => name in large;
const filled = (name: string) => (isLarge(name) ? large[name].sql : '0');
const valueOf = (name: string) => (isLarge(name) ? large[name].value : 0);

async function captured(table: string, width: number, columns = ''): Promise<void> {
  const declared = columnsOf(width).map(({ name, type }) => `${name} ${type} NULL`);
  await database().pool.query(`CREATE TABLE dbo.${table} (Id int NOT NULL PRIMARY KEY, ${declared.join()})`);
  await database().enable(table, { columns });
}

/** The only update of the events that follow the insert. */
function updateOf(events: readonly ChangeEvent[], id: number): ChangeEvent {
  const found = events.find(({ metadata, data }) => metadata.operation === 'update' && data?.['Id'] === id);
  if (found === undefined) throw new Error(`no update of ${id}`);
  return found;
}

describe.each([9, 16, 17])('with %i columns', (width) => {
  const table = `Wide${width}`;
  const columns = columnsOf(width);
  /** The row whose key changes. */
  const moved = 200;
  let events: readonly ChangeEvent[];

  beforeAll(async () => {
    await captured(table, width);
    const ids = columns.map((_, i) => i);
    const inserts = ids.map((id) => row(id, filled, width));
    inserts.push(row(moved, filled, width));
    const nulls = row(100, () => 'NULL', width);
    // Row i: its i-th column becomes NULL. Row 100: NULLs, of which only the first one changes; then all the large ones.
    await database().transaction([
      `INSERT INTO dbo.${table} VALUES ${[...inserts, nulls].join()}`,
      ...columns.map(({ name }, id) => `UPDATE dbo.${table} SET ${name} = NULL WHERE Id = ${id}`),
      `UPDATE dbo.${table} SET N0 = 1 WHERE Id = 100`,
      `UPDATE dbo.${table} SET Id = 101 WHERE Id = ${moved}`,
      `DELETE FROM dbo.${table} WHERE Id IN (0, 100)`,
    ]);
    events = await capturedEvents(database(), table, 2 * ids.length + 7);
  });

  test('an insert carries everything', () => {
    const inserts = events.filter(({ metadata }) => metadata.operation === 'insert');
    expect(inserts).toHaveLength(columns.length + 3);
    for (const { data, metadata } of inserts) {
      expect(metadata.unavailable).toBeUndefined();
      expect(Object.keys(data ?? {})).toEqual(['Id', ...columns.map(({ name }) => name)]);
    }
  });

  test('an update names what it changed, and the large values that it did not change as unavailable', () => {
    for (const [id, { name }] of columns.entries()) {
      const { data, before, metadata } = updateOf(events, id);
      const lost = names.filter((other) => other !== name || old.includes(other));
      expect([name, metadata.unavailable]).toEqual([name, [{ in: 'before', columns: lost }]]);
      expect(metadata.changed).toEqual([name]);
      expect(data?.[name]).toBeNull();
      const known = columns.map((column) => column.name).filter((other) => !lost.includes(other));
      expect(Object.keys(before ?? {})).toEqual(['Id', ...known]);
      expect(before?.[name]).toBe(old.includes(name) ? undefined : valueOf(name));
    }
  });

  test('a NULL that did not change was NULL, and is not unavailable', () => {
    const { before, metadata } = updateOf(events, 100);
    expect(metadata).toMatchObject({ changed: ['N0'] });
    expect(metadata.unavailable).toBeUndefined();
    expect(Object.values(before ?? {})).toEqual([100, ...columns.map(() => null)]);
  });

  test('an update of the key is a delete, and an insert that carries everything', () => {
    const inserted = events.find(({ data }) => data?.['Id'] === 101);
    expect(inserted?.metadata).toMatchObject({ operation: 'insert' });
    expect(inserted?.metadata.unavailable).toBeUndefined();
    expect(inserted?.data).toMatchObject(Object.fromEntries(names.map((name) => [name, valueOf(name)])));
  });

  test('a delete carries the last image but text, ntext and image', () => {
    const deletes = events.filter(({ metadata }) => metadata.operation === 'delete');
    expect(deletes.map(({ data }) => data?.['Id'])).toEqual([moved, 0, 100]);
    for (const { data, metadata } of deletes) {
      expect(metadata.unavailable).toEqual([{ in: 'data', columns: old }]);
      expect(Object.keys(data ?? {})).toEqual([
        'Id',
        ...columns.map(({ name }) => name).filter((name) => !old.includes(name)),
      ]);
    }
    expect(deletes[1]?.data).toMatchObject({ Wide: 'w', Narrow: 'n', Tree: '<t/>', Bytes: '/g==' });
    expect(deletes[2]?.data).toMatchObject({ Wide: null, Narrow: null, Tree: null, Bytes: null });
  });

  test('the mask is read as the server reads it', async () => {
    const ordinals = Array.from({ length: width + 1 }, (_, i) => i + 1);
    const bits = ordinals.map((n) => `sys.fn_cdc_is_bit_set(${n}, [__$update_mask]) AS b${n}`);
    const { recordset } = await database().pool.query<Record<string, unknown>>(
      `SELECT [__$update_mask] AS mask, ${bits.join()} FROM cdc.dbo_${table}_CT WHERE [__$operation] = 4`,
    );
    expect(recordset).toHaveLength(columns.length + 1);
    for (const found of recordset)
      expect(ordinals.map((n) => isBitSet(found['mask'] as Buffer, n))).toEqual(
        ordinals.map((n) => found[`b${n}`] === true),
      );
  });
});

test('with columns left out, the bits are those of the captured ones', async () => {
  const width = 17;
  const kept = columnsOf(width)
    .map(({ name }) => name)
    .filter((name) => !['N1', 'N2', 'N3', 'Tree'].includes(name));
  await captured('Subset', width, ['Id', ...kept].join());
  await database().transaction([
    `INSERT INTO dbo.Subset VALUES ${row(1, filled, width)}`,
    ...kept.map((name) => `UPDATE dbo.Subset SET ${name} = NULL WHERE Id = 1`),
  ]);
  const [inserted, ...updates] = await capturedEvents(database(), 'Subset', 1 + kept.length);
  expect(Object.keys(inserted?.data ?? {})).toEqual(['Id', ...kept]);
  expect(updates.map(({ metadata }) => metadata.changed)).toEqual(kept.map((name) => [name]));
  const lost = updates.map(({ metadata }) => metadata.unavailable?.[0]?.columns ?? []);
  const stillThere = (at: number) => names.filter((name) => kept.indexOf(name) > at && name !== 'Tree');
  expect(lost).toEqual(kept.map((name, at) => [...(old.includes(name) ? [name] : []), ...stillThere(at)]));
});
