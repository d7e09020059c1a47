import { createHash } from 'node:crypto';
import { decodeChange, type PlainRow, type TableId } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import type { CaptureInstance } from '../sql/catalogue.ts';
import { selectedColumns } from '../sql/page-statement.ts';
import type { ChangeRow, LogicalChange } from './change-rows.ts';
import { ChangeEncoder } from './change-encoder.ts';
import { zeroLsn, type Lsn } from '../position/log-position.ts';
import { Utf8Writer } from './utf8-writer.ts';

const table: TableId = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Notes' };
const types = { Id: 'int', Big: 'nvarchar', Old: 'text', Sum: 'int' };
const instance: CaptureInstance = {
  name: 'dbo_Notes',
  startLsn: zeroLsn,
  columns: Object.entries(types).map(([name, type], i) => ({
    name,
    type,
    ordinal: i + 1,
    computed: name === 'Sum',
  })),
  key: [],
  columnUpdates: 0,
};

const row = (operation: number, values: PlainRow, mask: number): ChangeRow => ({
  lsn: zeroLsn,
  commandId: 0,
  seqval: zeroLsn,
  operation,
  mask: Buffer.from([mask]),
  values: selectedColumns(instance).map(({ name }) => values[name] ?? null),
  bytes: 1,
});

function built(operation: LogicalChange['operation'], after: ChangeRow, before?: ChangeRow) {
  const columns = selectedColumns(instance);
  const encoder = new ChangeEncoder({ table, instance, columns, hash: () => '' });
  const {
    data,
    before: image,
    metadata,
  } = decodeChange(
    encoder.encode(
      { operation, after, ...(before && { before }), ordinal: 1, tie: 0 },
      '2026-11-20T09:15:30.123Z',
      new Utf8Writer(),
    ),
  );
  return { data, before: image, changed: metadata.changed, unavailable: metadata.unavailable };
}

const idOnly = 0b0001;
const bigChanged = 0b0010;
const oldChanged = 0b0100;

describe('an event', () => {
  test('a computed column is left out', () => {
    expect(selectedColumns(instance).map(({ name }) => name)).toEqual(['Id', 'Big', 'Old']);
  });

  test('a computed column of the key is NULL in it: without it, rows would share a key', () => {
    const of = { ...instance, key: ['Sum', 'Id'] };
    const encoder = new ChangeEncoder({ table, instance: of, columns: selectedColumns(of), hash: () => '' });
    const change: LogicalChange = {
      operation: 'insert',
      after: row(2, { Id: 2 }, idOnly),
      ordinal: 1,
      tie: 0,
    };
    const encoded = encoder.encode(change, '2026-11-20T09:15:30.123Z', new Utf8Writer());
    expect([encoded.key, decodeChange(encoded).metadata.key]).toEqual([[null, 2], { Sum: null, Id: 2 }]);
  });

  test('a large value that did not change is unavailable in the before image, not NULL', () => {
    const after = row(4, { Id: 2, Big: 'x', Old: 'y' }, idOnly);
    expect(built('update', after, row(3, { Id: 1, Big: null, Old: null }, idOnly))).toEqual({
      data: { Id: 2, Big: 'x', Old: 'y' },
      before: { Id: 1 },
      changed: ['Id'],
      unavailable: [{ in: 'before', columns: ['Big', 'Old'] }],
    });
  });

  test('a NULL that did not change was NULL', () => {
    const after = row(4, { Id: 2, Big: null, Old: null }, idOnly);
    expect(built('update', after, row(3, { Id: 1, Big: null, Old: null }, idOnly))).toMatchObject({
      before: { Id: 1, Big: null, Old: null },
      unavailable: undefined,
    });
  });

  test('a changed large value was what the before image says, also NULL', () => {
    const after = row(4, { Id: 1, Big: 'x', Old: null }, bigChanged);
    expect(built('update', after, row(3, { Id: 1, Big: null, Old: null }, bigChanged))).toMatchObject({
      before: { Id: 1, Big: null, Old: null },
      changed: ['Big'],
      unavailable: undefined,
    });
  });

  test('the old value of a text column is never known', () => {
    const after = row(4, { Id: 1, Big: 'x', Old: 'new' }, oldChanged);
    expect(built('update', after, row(3, { Id: 1, Big: 'x', Old: null }, oldChanged))).toMatchObject({
      before: { Id: 1, Big: 'x' },
      changed: ['Old'],
      unavailable: [{ in: 'before', columns: ['Old'] }],
    });
  });

  test('a delete does not know its text column', () => {
    expect(built('delete', row(1, { Id: 1, Big: null, Old: null }, 0xff))).toEqual({
      data: { Id: 1, Big: null },
      before: undefined,
      changed: undefined,
      unavailable: [{ in: 'data', columns: ['Old'] }],
    });
  });

  test('an update that CDC wrote as delete and insert knows what a delete knows', () => {
    const [before, after] = [
      row(1, { Id: 1, Big: 'x', Old: null }, 0xff),
      row(2, { Id: 1, Big: null, Old: 'y' }, 0xff),
    ];
    expect(built('update', after, before)).toEqual({
      data: { Id: 1, Big: null, Old: 'y' },
      before: { Id: 1, Big: 'x' },
      changed: ['Big'],
      unavailable: [{ in: 'before', columns: ['Old'] }],
    });
  });

  test('an insert knows everything', () => {
    const values = { Id: 1, Big: null, Old: null };
    expect(built('insert', row(2, values, 0xff))).toMatchObject({ data: values, unavailable: undefined });
  });
});

describe('a change that was read', () => {
  const hash = (of: string) => createHash('sha256').update(of).digest('hex');
  const column = (name: string, n: number) => ({ name, type: 'int', ordinal: n + 1, computed: false });
  const encoded = (
    id: TableId,
    key: readonly string[],
    more: Partial<LogicalChange> = {},
    incarnation?: string,
  ) => {
    const of = { ...instance, columns: ['b', '1', 'a"Ů'].map(column), key };
    const options = { table: id, instance: of, columns: selectedColumns(of), hash, incarnation };
    const after = {
      ...row(2, {}, 7),
      lsn: 'F'.repeat(20) as Lsn,
      seqval: 'E'.repeat(20) as Lsn,
      values: [7, null, 9],
    };
    const change: LogicalChange = { operation: 'insert', after, ordinal: 1, tie: 0, ...more };
    return new ChangeEncoder(options).encode(change, '2026-11-20T09:15:30.123Z', new Utf8Writer());
  };
  const odd = { source: 'a"b\\', database: 'Ünï', schema: 'x y', table: 'T\u0001' };
  const long = { source: 's'.repeat(60), database: 'd'.repeat(60), schema: 'x', table: 'Ünïcode'.repeat(9) };

  test.each([
    [table, []],
    [table, ['a"Ů', '1']],
    [odd, ['b']],
    [long, ['b', 'a"Ů']],
  ])('says of itself what its envelope says: %j, key %j', (id, key) => {
    for (const [ordinal, tie] of [
      [1, 0],
      [9_999_999_999, 12],
    ] as const) {
      const change = encoded(id, key, { ordinal, tie });
      const { metadata } = decodeChange(change);
      expect(Object.keys(metadata.key ?? {})).toHaveLength(key.length);
      expect({ ...metadata, key: metadata.key && Object.values(metadata.key) }).toMatchObject({
        id: change.id,
        key: change.key,
        operation: change.operation,
        committedAt: change.committedAt,
        position: change.position,
        sequence: ordinal,
      });
    }
  });

  test('has its metadata in the order of docs/messages.md, `origin` in one piece', () => {
    const lsn = `0x${'F'.repeat(20)}`;
    const { metadata } = decodeChange(encoded(odd, ['b'], { operation: 'update' }));
    expect(Object.keys(metadata).join(' ')).toBe(
      'version id source server database schema table operation key changed origin sequence committedAt position',
    );
    expect(metadata).toMatchObject({ version: 2, source: 'sqlserver', server: odd.source, table: odd.table });
    expect(metadata.origin).toEqual({ captureInstance: 'dbo_Notes', lsn, seqval: lsn.replaceAll('F', 'E') });
  });

  test('has an id of at most 96 characters that distinguishes tables, ties and incarnations', () => {
    const ids = [
      encoded(long, []).id,
      encoded({ ...long, table: `${long.table}2` }, []).id,
      encoded(long, [], { tie: 12 }).id,
      encoded(long, [], { tie: 12 }, '17').id,
    ];
    expect(new Set(ids).size).toBe(4);
    expect(Math.max(...ids.map((id) => id.length))).toBeLessThanOrEqual(96);
  });

  test('has an id that does not know the ordinal', () => {
    expect(encoded(table, [], { ordinal: 7 }).id).toBe(encoded(table, []).id);
  });
});
