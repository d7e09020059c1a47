import { expect, test } from 'vitest';
import type { SqlType } from '../../interface/engine-session.ts';
import { sqlTypeOf, typeText } from './sql-type-of.ts';

test.each<[string, (number | 'max')[], SqlType]>([
  ['INT', [], { name: 'int' }],
  ['integer', [], { name: 'int' }],
  ['varchar', [], { name: 'varchar', length: 1 }],
  ['nvarchar', ['max'], { name: 'nvarchar', length: 'max' }],
  ['character varying', [20], { name: 'varchar', length: 20 }],
  ['sysname', [], { name: 'nvarchar', length: 128 }],
  ['dec', [], { name: 'decimal', precision: 18, scale: 0 }],
  ['numeric', [38, 10], { name: 'numeric', precision: 38, scale: 10 }],
  ['float', [], { name: 'float' }],
  ['float', [24], { name: 'real' }],
  ['double precision', [], { name: 'float' }],
  ['datetime2', [], { name: 'datetime2', scale: 7 }],
  ['time', [0], { name: 'time', scale: 0 }],
  ['rowversion', [], { name: 'timestamp' }],
])('%s %j', (name, args, expected) => {
  expect(sqlTypeOf(name, args)).toEqual(expected);
});

test('text without a length is 30 long in CAST', () => {
  expect(sqlTypeOf('varchar', [], 'cast')).toEqual({ name: 'varchar', length: 30 });
});

test.each<[string, (number | 'max')[], number]>([
  ['decimal', [39], 2750],
  ['decimal', [5, 6], 2751],
  ['datetime2', [8], 1002],
  ['varchar', [8001], 131],
  ['nvarchar', [4001], 131],
  ['varchar', [0], 1001],
  ['int', [4], 2716],
  ['char', ['max'], 102],
  ['blob', [], 243],
])('%s %j is error %i', (name, args, number) => {
  expect(() => sqlTypeOf(name, args)).toThrow(expect.objectContaining({ number }));
});

test('a type is written as T-SQL writes it', () => {
  expect(typeText({ name: 'decimal', precision: 38, scale: 10 })).toBe('decimal(38,10)');
  expect(typeText({ name: 'nvarchar', length: 'max' })).toBe('nvarchar(max)');
  expect(typeText({ name: 'datetime2', scale: 3 })).toBe('datetime2(3)');
  expect(typeText({ name: 'int' })).toBe('int');
});
