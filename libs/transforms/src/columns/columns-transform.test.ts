import { createHash } from 'node:crypto';
import type { Row, StampedEvent } from '@dstream/core';
import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import type { ColumnsSettings } from './column-rules.ts';
import { ColumnsTransform } from './columns-transform.ts';

const never = { signal: new AbortController().signal };

const nothing: ColumnsSettings = {
  drop: new Set(),
  keep: undefined,
  rename: new Map(),
  hash: new Set(),
  hashSalt: 'salt',
  mask: new Set(),
  truncate: new Map(),
  convert: new Map(),
  set: new Map(),
  allowKey: false,
};

function event(parts: Partial<Omit<StampedEvent, 'metadata'>>, metadata = {}): StampedEvent {
  const change = aChange(1, metadata);
  const stamp = { generation: 1, epoch: 1 };
  return { ...change, ...parts, metadata: { ...change.metadata, ...stamp } };
}

async function apply(settings: Partial<ColumnsSettings>, given: StampedEvent) {
  await using transform = new ColumnsTransform({ ...nothing, ...settings });
  const [result] = await transform.apply([given], never);
  if (result instanceof DStreamError) return result;
  expect(result).toHaveLength(1);
  return result?.[0];
}

async function made(settings: Partial<ColumnsSettings>, given: StampedEvent): Promise<StampedEvent> {
  const result = await apply(settings, given);
  if (result instanceof DStreamError || result === undefined) throw result ?? new Error('nothing was made');
  return result;
}

async function dataOf(settings: Partial<ColumnsSettings>, data: Row): Promise<Row | null> {
  return (await made(settings, event({ data }))).data;
}

async function failureOf(settings: Partial<ColumnsSettings>, given: StampedEvent): Promise<string> {
  const result = await apply(settings, given);
  if (result instanceof DStreamError) return `${result.code}: ${result.message}`;
  throw new Error('it did not fail');
}

const update = event(
  { data: { ID: 1, Name: 'Eva', Notes: 'n', City: null }, before: { ID: 1, Name: 'Eve', City: 'Bonn' } },
  {
    operation: 'update',
    key: { ID: 1 },
    changed: ['Name', 'Notes', 'City'],
    unavailable: [{ in: 'before', columns: ['Notes'] }],
  },
);

describe('every part of an event', () => {
  test('loses what is dropped, whatever the case of its name', async () => {
    const { data, before, metadata } = await made({ drop: new Set(['notes', 'other']) }, update);
    expect({ data, before }).toEqual({
      data: { ID: 1, Name: 'Eva', City: null },
      before: { ID: 1, Name: 'Eve', City: 'Bonn' },
    });
    expect(metadata).toEqual({
      ...update.metadata,
      changed: ['Name', 'City'],
      unavailable: undefined,
    });
    expect('unavailable' in metadata).toBe(false);
  });

  test('holds what is kept', async () => {
    const { data, metadata } = await made({ keep: new Set(['id', 'notes']) }, update);
    expect(data).toEqual({ ID: 1, Notes: 'n' });
    expect(metadata.changed).toEqual(['Notes']);
  });

  test('has the new names', async () => {
    const rename = new Map([
      ['id', 'key'],
      ['name', 'Notes'],
      ['notes', 'Name'],
    ]);
    const { data, before, metadata } = await made({ rename }, update);
    expect(data).toEqual({ key: 1, Notes: 'Eva', Name: 'n', City: null });
    expect(before).toEqual({ key: 1, Notes: 'Eve', City: 'Bonn' });
    expect(metadata).toMatchObject({
      key: { key: 1 },
      changed: ['Notes', 'Name', 'City'],
      unavailable: [{ in: 'before', columns: ['Name'] }],
    });
  });

  test('has what is set, as the other rules left it', async () => {
    const set = new Map<string, string>([
      ['From', '{{ schema }}.{{ table }}/{{ operation }}'],
      ['Label', '{{ data.Who }} {{ data.City }}'],
      ['Copy', '{{ data.who }}'],
      ['Text', '{{ data.Notes }}'],
    ]);
    const rename = new Map([['name', 'Who']]);
    const { data, before, metadata } = await made({ set, rename, mask: new Set(['name']) }, update);
    expect(data).toMatchObject({ Who: '***', From: 'dbo.T/update', Label: null, Copy: '***', Text: 'n' });
    expect(before).toEqual({ ID: 1, Who: '***', City: 'Bonn', From: 'dbo.T/update', Label: '*** Bonn', Copy: '***' }); // prettier-ignore
    expect(metadata.changed).toEqual(['Who', 'Notes', 'City', 'Label', 'Copy', 'Text']);
    expect(metadata.unavailable).toEqual([{ in: 'before', columns: ['Notes', 'Text'] }]);
  });

  test('has one column of a name that is set in another case, with the new value', async () => {
    const { data, before, metadata } = await made({ set: new Map([['NAME', 'x']]) }, update);
    expect(data).toMatchObject({ NAME: 'x' });
    expect(before).toMatchObject({ NAME: 'x' });
    for (const image of [data, before]) expect(Object.keys(image ?? {})).not.toContain('Name');
    expect(metadata.changed).not.toContain('Name');
  });

  test('stays as it is, and the same object, where no rule applies', async () => {
    expect(await made({ drop: new Set(['other']), hash: new Set(['city']) }, event({ data: { City: null } }))).toEqual(event({ data: { City: null } })); // prettier-ignore
    const given = event({ data: { N: 1, City: null } });
    expect(await made({ drop: new Set(['other']), hash: new Set(['city']) }, given)).toBe(given);
  });

  test('is there without data', async () => {
    const oversize = { ...update, data: null };
    const { data, metadata } = await made({ drop: new Set(['name']), set: new Map([['A', 1]]) }, oversize);
    expect(data).toBeNull();
    expect(metadata.changed).toEqual(['Notes', 'City']);
  });
});

describe('values', () => {
  test('are hashed: SHA-256 of the salt and the text', async () => {
    const hashed = await dataOf({ hash: new Set(['a', 'b', 'c']) }, { A: 'ä', B: 12.5, C: true, D: 'd' });
    const hex = (text: string) =>
      createHash('sha256')
        .update(Buffer.from(`salt${text}`, 'utf8'))
        .digest('hex');
    expect(hashed).toEqual({ A: hex('ä'), B: hex('12.5'), C: hex('true'), D: 'd' });
  });

  test('are masked alike', async () => {
    expect(await dataOf({ mask: new Set(['a', 'b', 'c', 'd']) }, { A: '', B: 1, C: false, D: null })).toEqual({ A: '***', B: '***', C: '***', D: null }); // prettier-ignore
  });

  test('are truncated by characters', async () => {
    const truncate = new Map([['a', 2]]);
    expect(await dataOf({ truncate }, { A: '😀😀😀' })).toEqual({ A: '😀😀' });
    expect(await dataOf({ truncate }, { A: 'a😀b' })).toEqual({ A: 'a😀' });
    expect(await dataOf({ truncate }, { A: 'ab' })).toEqual({ A: 'ab' });
    expect(await failureOf({ truncate }, event({ data: { A: 12345 } }))).toBe(
      'TransformFailed: column A: it is a number, and only texts are truncated; convert it to "text"',
    );
    const convert = new Map([['a', 'text' as const]]);
    expect(await dataOf({ truncate, convert }, { A: 12345 })).toEqual({ A: '12' });
  });

  test.each([
    ['number', '12.5000', 12.5],
    ['number', '-0012.50', -12.5],
    ['number', '1e3', 1000],
    ['number', '0.1', 0.1],
    ['number', '9007199254740991', 9_007_199_254_740_991],
    ['number', '-0.00', -0],
    ['number', true, 1],
    ['number', 3, 3],
    ['text', 12.5, '12.5'],
    ['text', false, 'false'],
    ['boolean', 'True', true],
    ['boolean', '0', false],
    ['boolean', 1, true],
  ] as const)('become a %s exactly: %j', async (type, given, expected) => {
    const convert = new Map([['a', type]]);
    expect(await dataOf({ convert }, { A: given })).toEqual({ A: expected });
  });

  test.each([
    ['number', '1e400'],
    ['number', '9007199254740993'],
    ['number', '922337203685477.5807'],
    ['number', '12,5'],
    ['number', ' 1'],
    ['number', ''],
    ['number', '.'],
    ['number', '0x10'],
    ['boolean', 2],
    ['boolean', 'yes'],
  ] as const)('become no %s: %j', async (type, given) => {
    const convert = new Map([['a', type]]);
    expect(await failureOf({ convert }, event({ data: { A: given } }))).toContain('column A: ');
  });

  test('are not repeated in an error', async () => {
    const convert = new Map([['a', 'number' as const]]);
    expect(await failureOf({ convert }, event({ data: { A: 'secret' } }))).toBe(
      'TransformFailed: column A: the text is not a number',
    );
  });
});

describe('a change fails', () => {
  test('when its key would no longer tell rows apart', async () => {
    expect(await failureOf({ drop: new Set(['id']) }, update)).toBe(
      'TransformFailed: the column ID is part of the key and would be dropped; write allow_key = true to allow that',
    );
    for (const hiding of ['hash', 'mask'] as const)
      expect(await failureOf({ [hiding]: new Set(['id']) }, update)).toContain('part of the key');
    for (const id of ['ID', 'id'])
      expect(await failureOf({ set: new Map([[id, 1]]) }, update)).toContain('would be set');
    const { metadata } = await made({ drop: new Set(['id']), allowKey: true }, update);
    expect(metadata.key).toBeNull();
    const masked = await made({ mask: new Set(['id']), allowKey: true }, update);
    expect(masked.metadata.key).toEqual({ ID: '***' });
  });

  test('when two columns would have one name', async () => {
    const rename = new Map([['name', 'Notes']]);
    const what =
      'TransformFailed: the columns Name and Notes would both be named Notes; rename or drop one of them';
    expect(await failureOf({ rename }, update)).toBe(what);
    // In any case: a destination may ignore it.
    expect(await failureOf({ rename: new Map([['name', 'nOTES']]) }, update)).toMatch(
      /the columns Name and Notes would both be named/,
    );
    // Also where only the column that CDC did not carry has it.
    expect(await failureOf({ rename }, { ...update, data: null })).toBe(what);
  });

  test('not when the table itself has two columns that differ in case alone', async () => {
    const twins = { ...update, data: { ID: 1, a: 'x', A: 'y' } };
    const { data } = await made({ mask: new Set(['id']), allowKey: true }, twins);
    expect(data).toMatchObject({ a: 'x', A: 'y' });
  });

  test('when a template names a column that is not there', async () => {
    expect(await failureOf({ set: new Map([['A', '{{ data.No }}']]) }, update)).toBe(
      'TransformFailed: {{ data.No }} of the column A: the change has no such column',
    );
  });
});

test('a column named __proto__ is a column', async () => {
  const row = JSON.parse('{"__proto__":"x","constructor":"y","N":1}') as Row;
  const text = async (settings: Partial<ColumnsSettings>) => JSON.stringify(await dataOf(settings, row));
  expect(await text({ mask: new Set(['__proto__']) })).toBe('{"__proto__":"***","constructor":"y","N":1}');
  expect(await text({ drop: new Set(['constructor']) })).toBe('{"__proto__":"x","N":1}');
  expect(await text({ rename: new Map([['constructor', 'toString']]) })).toBe('{"__proto__":"x","toString":"y","N":1}'); // prettier-ignore
  expect(await text({ set: new Map([['__proto__', 'z']]) })).toBe(
    '{"__proto__":"z","constructor":"y","N":1}',
  );
  expect(({} as Record<string, unknown>)['x']).toBeUndefined();
});
