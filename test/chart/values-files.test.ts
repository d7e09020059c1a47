import { expect, test } from 'vitest';
import { accepted, expectedErrors, refused } from './values-files.ts';

test('values to refuse say which errors they expect', () => {
  expect(expectedErrors('# expect: one\n# why\nkey: 1 # expect: none\n# expect: two \n')).toEqual([
    'one',
    'two',
  ]);
});

test('values to refuse that expect no error are a mistake', () => {
  expect(() => expectedErrors('key: 1\n')).toThrow('no line "# expect: TEXT"');
});

test('the chart brings values along of both kinds', () => {
  expect(accepted().map(({ name }) => name)).toContain('default');
  expect(refused().length).toBeGreaterThan(0);
});
