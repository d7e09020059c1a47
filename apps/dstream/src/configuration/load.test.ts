import { referencePage } from '@dstream/config';
import { expect, test } from 'vitest';
import { types } from './load.ts';

test('the reference page is made from the schemas', async () => {
  await expect(referencePage(types)).toMatchFileSnapshot('../../../../config/REFERENCE.md');
});

const { predicates: _one, ...registries } = types;

test.each(Object.entries<readonly { readonly type: string }[]>(registries))(
  'no two of the %s have the same type',
  (_, all) => {
    const names = all.map(({ type }) => type);
    expect(new Set(names).size).toBe(names.length);
  },
);

test('the keys of one source only may be in the ingester itself', () => {
  expect(types.sources.filter(({ inIngester }) => inIngester).map(({ type }) => type)).toEqual(['sqlserver']);
});
