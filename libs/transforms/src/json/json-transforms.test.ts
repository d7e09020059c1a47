import { DStreamError, type Row, type StampedEvent, type Transform } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { FlattenTransform, type FlattenSettings } from './flatten-transform.ts';
import { ParseJsonTransform } from './parse-json-transform.ts';

const never = { signal: new AbortController().signal };

function event(data: Row, parts: Partial<StampedEvent> = {}, metadata: object = {}): StampedEvent {
  const change = aChange(1, { key: null, ...metadata });
  return { data, ...parts, metadata: { ...change.metadata, generation: 1, epoch: 1 } };
}

async function made(transform: Transform, given: StampedEvent): Promise<StampedEvent> {
  const [result] = await transform.apply([given], { ...never, route: () => undefined });
  if (result instanceof DStreamError) throw result;
  const [first] = result ?? [];
  if (first === undefined) throw new Error('it was dropped');
  return first;
}

const parse = new ParseJsonTransform(new Set(['doc']));
const flatten = (settings: Partial<FlattenSettings> = {}) =>
  new FlattenTransform({
    columns: new Set(['doc']),
    separator: '_',
    depth: 24,
    collisions: 'error',
    ...settings,
  });

const deep = (levels: number) => `${'{"a":'.repeat(levels)}1${'}'.repeat(levels)}`;

describe('parse_json', () => {
  const parsed = async (Doc: string) => (await made(parse, event({ N: 1, Doc }))).data?.['Doc'];

  test.each([
    ['{"a":[1,{"b":null}],"c":"d"}', { a: [1, { b: null }], c: 'd' }],
    [' [1.5, true] ', [1.5, true]],
    ['"text"', 'text'],
    ['null', null],
    [
      '{"big":12345678901234567890,"exact":0.1,"digits":0.12345678901234567890}',
      { big: '12345678901234567890', exact: 0.1, digits: '0.12345678901234567890' },
    ],
  ])('%s', async (text, expected) => expect(await parsed(text)).toEqual(expected));

  test('a field __proto__ is a field', async () => {
    const text = '{"__proto__":{"x":1},"constructor":2}';
    expect(JSON.stringify(await parsed(text))).toBe(text);
  });

  test('both images are parsed, the rest stays, and an event without JSON is the same object', async () => {
    const result = await made(
      parse,
      event({ Doc: '[1]' }, { before: { Doc: '[2]' } }, { operation: 'update' }),
    );
    expect([result.data, result.before]).toEqual([{ Doc: [1] }, { Doc: [2] }]);
    for (const data of [{ Doc: null }, { Other: '{' }, { Doc: 5 }] as Row[]) {
      const given = event(data);
      expect(await made(parse, given)).toBe(given);
    }
  });

  test.each([
    ['{"a secret', 'TransformFailed: column Doc: the text is not JSON'],
    ['', 'TransformFailed: column Doc: the text is not JSON'],
    [deep(25), 'TransformFailed: column Doc: its JSON is nested deeper than 24 levels'],
    [deep(200_000), 'TransformFailed: column Doc: '],
  ])('%.20s fails', async (text, expected) => {
    const failed = await made(parse, event({ Doc: text })).catch((error: unknown) => error as DStreamError);
    expect(`${(failed as DStreamError).code}: ${(failed as DStreamError).message}`).toContain(expected);
    expect((failed as DStreamError).message).not.toContain('secret');
  });

  test('a key stays plain', async () => {
    await expect(made(parse, event({ Doc: '1' }, {}, { key: { Doc: '1' } }))).rejects.toThrow(
      'part of the key',
    );
  });
});

describe('flatten', () => {
  test('fields become columns in the place of theirs; lists and what is too deep stay JSON', async () => {
    const Doc = '{"a":1,"b":{"c":"x","d":{"e":true}},"l":[1,2],"none":{},"big":12345678901234567890}';
    expect((await made(flatten({ depth: 2 }), event({ N: 1, Doc, Z: 2 }))).data).toEqual({
      N: 1,
      Doc_a: 1,
      Doc_b_c: 'x',
      Doc_b_d: '{"e":true}',
      Doc_l: '[1,2]',
      Doc_none: '{}',
      Doc_big: '12345678901234567890',
      Z: 2,
    });
    const parsed = await made(parse, event({ Doc: '{"a":{"b":1}}' }));
    expect((await made(flatten({ separator: '.' }), parsed)).data).toEqual({ 'Doc.a.b': 1 });
  });

  test('lists, values and NULL stay, and the event is the same object', async () => {
    for (const Doc of ['[1]', '5', null, '{}'.replace('{}', '"x"')]) {
      const given = event({ Doc });
      expect(await made(flatten(), given)).toBe(given);
    }
  });

  test('both images get the same columns, and what changed names those that differ', async () => {
    const given = event(
      { ID: 1, Doc: '{"a":1,"b":2}' },
      { before: { ID: 1, Doc: '{"a":1,"c":3}' } },
      { operation: 'update', changed: ['Doc'] },
    );
    const result = await made(flatten(), given);
    expect(result.data).toEqual({ ID: 1, Doc_a: 1, Doc_b: 2, Doc_c: null });
    expect(result.before).toEqual({ ID: 1, Doc_a: 1, Doc_b: null, Doc_c: 3 });
    expect(result.metadata.changed).toEqual(['Doc_b', 'Doc_c']);
  });

  test('what is unavailable in one image is named by the columns of the other', async () => {
    const given = event(
      { Doc: '{"a":1}' },
      { before: { ID: 1 } },
      { operation: 'update', changed: ['Doc'], unavailable: [{ in: 'before', columns: ['Doc'] }] },
    );
    const { metadata } = await made(flatten(), given);
    expect(metadata).toMatchObject({
      changed: ['Doc_a'],
      unavailable: [{ in: 'before', columns: ['Doc_a'] }],
    });
  });

  test('a NULL after an object makes its columns NULL', async () => {
    const given = event(
      { Doc: null },
      { before: { Doc: '{"a":1}' } },
      { operation: 'update', changed: ['Doc'] },
    );
    const result = await made(flatten(), given);
    expect(result.data).toEqual({ Doc_a: null });
    expect(result.metadata.changed).toEqual(['Doc_a']);
  });

  test('a name that is taken is an error or gets a number', async () => {
    const given = event({ Doc: '{"a":{"b":1},"a_b":2}', Doc_a_b: 0 });
    await expect(made(flatten(), given)).rejects.toThrow(
      'there is a column Doc_a_b already; write another separator',
    );
    expect((await made(flatten({ collisions: 'suffix' }), given)).data).toEqual({ Doc_a_b_2: 1, Doc_a_b_3: 2, Doc_a_b: 0 }); // prettier-ignore
  });

  test('an object with keys of data is refused', async () => {
    const Doc = JSON.stringify(Object.fromEntries(Array.from({ length: 1_001 }, (_, n) => [`k${n}`, n])));
    await expect(made(flatten(), event({ Doc }))).rejects.toThrow(
      'more than 1000 columns would be made of it',
    );
  });
});
