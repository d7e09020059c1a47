import { referencePage } from '@dstream/config';
import { expect, test } from 'vitest';
import { publisherTypes } from './registry.ts';

test('the reference page is what the schemas say', async () => {
  await expect(referencePage(publisherTypes)).toMatchFileSnapshot('../../../config/REFERENCE.md');
});

test('no two types have the same name', () => {
  const names = publisherTypes.map(({ type }) => type);
  expect(new Set(names).size).toBe(names.length);
});
