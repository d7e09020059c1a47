import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { parseChange } from './read-changes.ts';

const metadataOf = (text: string) => parseChange(text, 7).event.metadata;

describe('a change of an input file', () => {
  test('is kept as it is where it has a version', () => {
    const { data, metadata } = aChange(1);
    const text = JSON.stringify({ data, metadata: { ...metadata, generation: 1, epoch: 1 } }, null, 1);
    expect(parseChange(text, 1)).toEqual({ line: 1, text, event: JSON.parse(text) as unknown });
    const { position: _removed, ...partial } = metadata;
    expect(() => parseChange(JSON.stringify({ data, metadata: partial }), 1)).toThrow(
      'the change has no metadata.position',
    );
  });

  test('gets what it does not say in its short form', () => {
    expect(metadataOf('{"data":{"ID":1}}')).toMatchObject({
      id: 'line-7',
      schema: 'dbo',
      table: 'Table',
      operation: 'insert',
      key: null,
    });
    expect(
      metadataOf('{"data":null,"metadata":{"table":"sales.Orders","operation":"delete","key":{"ID":1}}}'),
    ).toMatchObject({ schema: 'sales', table: 'Orders', operation: 'delete', key: { ID: 1 } });
    expect(metadataOf('{"data":{},"metadata":{"table":"a.b","schema":"s"}}')).toMatchObject({
      schema: 's',
      table: 'a.b',
    });
  });

  test('is an update where it has a before, of the columns that differ', () => {
    expect(metadataOf('{"data":{"A":1,"B":2,"C":3},"before":{"A":1,"B":1}}')).toMatchObject({
      operation: 'update',
      changed: ['B', 'C'],
    });
  });

  test.each([
    ['[]', 'the change is not a JSON object; the shortest change is {"data":{"ID":1}}'],
    ['{', 'the change is not JSON'],
    [
      '{"ID":1}',
      'the change has no data: null or an object of plain values is expected; the shortest change is {"data":{"ID":1}}',
    ],
    ['{"data":{"ID":[1]}}', 'the change has no data: null or an object of plain values is expected'],
    [
      '{"data":{"ID":9007199254740993}}',
      'the change has a number in "ID" with more digits than a double holds; write a string',
    ],
    ['{"data":{},"metadata":[]}', 'the change has no metadata'],
    [
      '{"data":{},"metadata":{"operation":"upsert"}}',
      'the change has a metadata.operation that is not one of insert, update, delete, read, gap',
    ],
  ])('%s is refused with what is wrong', (text, problem) => {
    expect(() => parseChange(text, 1)).toThrow(expect.objectContaining({ message: problem }));
  });
});
