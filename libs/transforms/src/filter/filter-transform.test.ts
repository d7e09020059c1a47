import { DStreamError, type Row, type StampedEvent, type Unavailable } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { compileCel } from '../cel/compile-cel.ts';
import { FilterTransform } from './filter-transform.ts';

const never = { signal: new AbortController().signal };

function insert(data: Row): StampedEvent {
  const { metadata } = aChange(1);
  return { data, metadata: { ...metadata, generation: 1, epoch: 1 } };
}

function update(data: Row, before: Row, unavailable?: readonly Unavailable[]): StampedEvent {
  const { metadata } = insert(data);
  const facts = { operation: 'update', key: { ID: 1 }, changed: ['Amount'] } as const;
  return { data, before, metadata: { ...metadata, ...facts, ...(unavailable && { unavailable }) } };
}

async function filter(given: StampedEvent, leaving: 'drop' | 'delete' = 'drop') {
  await using transform = new FilterTransform({ when: compileCel('data.Amount > 10'), leaving });
  const [result] = await transform.apply([given], never);
  return result;
}

test('what matches is kept as it is, what does not is dropped', async () => {
  const given = insert({ Amount: 11 });
  const kept = await filter(given);
  expect(kept).toHaveLength(1);
  expect((kept as readonly StampedEvent[])[0]).toBe(given);
  expect(await filter(insert({ Amount: 9 }))).toEqual([]);
});

test('what cannot be judged fails', async () => {
  expect(await filter(insert({ Amount: '11' }))).toBeInstanceOf(DStreamError);
  expect(await filter(insert({}))).toMatchObject({ code: 'TransformFailed' });
});

describe('an update that leaves', () => {
  test('without a before fails, and the error says what to write', async () => {
    const { before: _before, ...given } = update({ ID: 1, Amount: 9 }, { ID: 1, Amount: 11 });
    expect(await filter(given, 'delete')).toMatchObject({
      code: 'TransformFailed',
      message: expect.stringContaining('write leaving = "drop", or place the filter') as string,
    });
    expect(await filter(given)).toEqual([]);
  });

  const leaves = update({ ID: 1, Amount: 9 }, { ID: 1, Amount: 11 });

  test('is dropped by default', async () => expect(await filter(leaves)).toEqual([]));

  test('becomes a delete of the row as it was, if that is configured', async () => {
    const { changed: _changed, ...rest } = leaves.metadata;
    expect(await filter(leaves, 'delete')).toEqual([
      { data: { ID: 1, Amount: 11 }, metadata: { ...rest, operation: 'delete' } },
    ]);
  });

  test('keeps unavailable what its image lacks', async () => {
    const given = update({ ID: 1, Amount: 9 }, { ID: 1, Amount: 11 }, [
      { in: 'data', columns: ['Photo'] },
      { in: 'before', columns: ['Photo', 'Text'] },
    ]);
    expect(await filter(given, 'delete')).toMatchObject([
      { metadata: { unavailable: [{ in: 'data', columns: ['Photo', 'Text'] }] } },
    ]);
  });

  test('is dropped when it did not match before either, or is no update', async () => {
    expect(await filter(update({ Amount: 9 }, { Amount: 8 }), 'delete')).toEqual([]);
    expect(await filter(insert({ Amount: 9 }), 'delete')).toEqual([]);
  });

  test('is a delete when CDC did not carry what the condition judges', async () => {
    const given = update({ ID: 1, Amount: 9 }, { ID: 1 }, [{ in: 'before', columns: ['Amount'] }]);
    expect(await filter(given, 'delete')).toMatchObject([
      { data: { ID: 1 }, metadata: { operation: 'delete' } },
    ]);
    expect(await filter(update({ Amount: 9 }, {}), 'delete')).toMatchObject({ code: 'TransformFailed' });
  });

  test('an update that enters stays an update', async () => {
    const given = update({ Amount: 11 }, { Amount: 9 });
    expect(await filter(given, 'delete')).toEqual([given]);
  });
});
