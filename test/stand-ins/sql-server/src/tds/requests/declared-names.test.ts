import { expect, test } from 'vitest';
import { declaredNames } from './declared-names.ts';

test.each([
  ['', []],
  ['@id int', ['@id']],
  ['@a decimal(10, 2), @b nvarchar(max) output,\n@ç varchar(5)=null', ['@a', '@b', '@ç']],
])('the names in %j are %j', (declarations, names) => {
  expect(declaredNames(declarations)).toEqual(names);
});
