import { partitionIn, partitionOf, scopeOf, type InstanceId } from '@dstream/core';
import { assert, property, string, tuple } from 'fast-check';
import { describe, expect, test } from 'vitest';
import { announcementOf, instanceBlob, instancesPrefix, partitionBlob, scopePrefix } from './blob-names.ts';

const cars = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Cars' };
const blobOf = (table: typeof cars) => partitionBlob(partitionOf(table));
const identifier = string({ unit: 'grapheme', minLength: 1, maxLength: 128 });

describe('blob names', () => {
  test('are the ones that operators know', () => {
    expect(blobOf(cars)).toBe('db1/shop/dbo.Cars.lock');
    expect(instanceBlob('db1/shop', announcementOf('pod-1:7' as InstanceId, 'r'))).toBe(
      'db1/shop/_instances/pod-1%3A7-r',
    );
  });

  test('keep the letters of a name and escape what separates', () => {
    expect(blobOf({ ...cars, table: 'Größe.v2/alt' })).toBe('db1/shop/dbo.Größe%2Ev2%2Falt.lock');
  });

  test('are shortened to their start and a hash where the address would be too long', () => {
    const long = { ...cars, table: '李'.repeat(128) };
    expect(blobOf(long)).toMatch(/^db1\/shop\/dbo\.李{31}~[0-9a-f]{16}\.lock$/);
    expect(blobOf({ ...long, table: `${'李'.repeat(127)}東` })).not.toBe(blobOf(long));
  });

  test('stand under their source and never among the instances, fit the service, and differ as tables differ', () => {
    assert(
      property(tuple(identifier, identifier, identifier, identifier), ([source, database, schema, table]) => {
        const id = { source, database, schema, table };
        const [name, scope] = [blobOf(id), scopeOf(id)];
        expect(name.startsWith(scopePrefix(scope))).toBe(true);
        expect(name.startsWith(instancesPrefix(scope))).toBe(false);
        expect(name.split('/')).toHaveLength(3);
        expect(encodeURIComponent(name).length).toBeLessThan(1_024);
        const other = { ...id, table: `${table}x` };
        expect(blobOf(other)).not.toBe(name);
      }),
    );
  });

  test('of a partition that is no table are told from those of a table', () => {
    expect(partitionBlob(partitionIn('db1/shop', 'dbo.Cars'))).toBe('db1/shop/dbo%2ECars.lock');
  });

  test('a name that is not Unicode is told from another one', () => {
    const [a, b] = [blobOf({ ...cars, table: 'a\ud800' }), blobOf({ ...cars, table: 'a\ud801' })];
    expect(a.isWellFormed() && b.isWellFormed()).toBe(true);
    expect(a).not.toBe(b);
  });
});
