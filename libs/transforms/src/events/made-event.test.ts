import type { StampedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { madeEvents } from './made-event.ts';

const { data, metadata } = aChange(1, { operation: 'update', changed: ['N'] });
const input: StampedEvent = { data, before: { N: 0 }, metadata: { ...metadata, generation: 1, epoch: 1 } };

/** As it arrives from outside. */
const copy = (changes: object = {}, metadataChanges: object = {}): unknown =>
  JSON.parse(JSON.stringify({ ...input, ...changes, metadata: { ...input.metadata, ...metadataChanges } }));

const nested = (levels: number): unknown => (levels === 0 ? 1 : [nested(levels - 1)]);

describe('what code that is not ours made of a change', () => {
  test('nothing drops it, an equal one is the same object', () => {
    expect(madeEvents(input, null)).toEqual([]);
    expect(madeEvents(input, undefined)).toEqual([]);
    expect(madeEvents(input, [])).toEqual([]);
    const [same, again] = madeEvents(input, [copy(), copy()]) as readonly StampedEvent[];
    expect(same).toBe(input);
    expect(again).toBe(input);
  });

  test('values, operation and the lists of columns may change', () => {
    const made = copy({ data: { Name: 'x' }, before: null }, { operation: 'delete', changed: undefined });
    expect(madeEvents(input, made)).toEqual([
      {
        data: { Name: 'x' },
        metadata: { ...input.metadata, operation: 'delete', changed: undefined },
      },
    ]);
  });

  test('columns may hold lists and objects: another transform may have made them', () => {
    const rows = { data: { N: { a: [1, { b: null }] } }, before: { N: [1] } };
    expect(madeEvents(input, copy(rows))).toMatchObject([rows]);
    const given = { ...input, ...rows };
    expect(madeEvents(given, JSON.parse(JSON.stringify(given)))).toEqual([given]);
  });

  test.each([
    ['text', 'the returned change is not a JSON object'],
    [5, 'the returned change is not a JSON object'],
    [{}, 'the returned change has no data: null or an object of plain values is expected'],
    [copy({ data: [1] }), 'the returned change has no data: null or an object of plain values is expected'],
    [copy({ data: { N: nested(40) } }), 'the returned change is nested deeper than 32 levels'],
    [copy({ data: null }), 'the returned change has no data; to drop a change, return null in its place'],
    [
      copy({}, { changed: 5 }),
      'the returned change has a metadata.changed that is not a list of column names',
    ],
    [
      copy({}, { operation: 'upsert' }),
      'the returned change has a metadata.operation that is not one of insert, update, delete, read, gap',
    ],
    [
      copy({}, { operation: 'gap', gap: { reason: 'HistoryLost', from: { lsn: '1' }, to: { lsn: '2' } } }),
      'the returned change has another metadata.gap than the change it is made of; leave it as it is',
    ],
    [
      copy({ tenant: 1 }),
      'the returned change has another field tenant than the change it is made of; put what you add into data',
    ],
    [
      copy({}, { tenant: 1 }),
      'the returned change has another metadata.tenant than the change it is made of; leave it as it is',
    ],
    [[copy(), [copy()]], 'the returned change 2 of 2 is not a JSON object'],
    [[null], 'the returned change 1 of 1 is not a JSON object'],
    [
      JSON.parse('{"__proto__":{"data":{}}}'),
      'the returned change has no data: null or an object of plain values is expected',
    ],
  ])('%j is refused', (value, message) => {
    expect(madeEvents(input, value)).toMatchObject({ code: 'TransformFailed', message });
  });

  test.each([
    ['id', 'other'],
    ['key', { N: 2 }],
    ['key', null],
    ['position', 'p9999'],
    ['generation', 2],
    ['epoch', 2],
    ['sequence', 2],
    ['committedAt', '2026-11-20T00:00:00.001Z'],
    ['source', 'x'],
    ['server', 'x'],
    ['database', 'x'],
    ['schema', 'x'],
    ['table', 'x'],
    ['origin', {}],
  ])('another metadata.%s is refused', (field, value) => {
    expect(madeEvents(input, copy({}, { [field]: value }))).toMatchObject({
      code: 'TransformFailed',
      message: `the returned change has another metadata.${field} than the change it is made of; leave it as it is`,
    });
  });

  test('more than a thousand of one change are refused, unread', () => {
    expect(
      madeEvents(
        input,
        Array.from({ length: 1_000 }, () => input),
      ),
    ).toHaveLength(1_000);
    expect(
      madeEvents(
        input,
        Array.from({ length: 1_001 }, () => 'unread'),
      ),
    ).toMatchObject({
      code: 'TransformFailed',
      message: '1001 changes were made of one; at most 1000 are allowed',
    });
  });

  test('a change that carries fields we do not know keeps them', () => {
    const extended = { ...input, traceparent: '00-1' } as StampedEvent;
    const made = JSON.parse(JSON.stringify({ ...extended, data: { N: 7 } })) as unknown;
    expect(madeEvents(extended, made)).toEqual([{ ...extended, data: { N: 7 } }]);
  });
});
