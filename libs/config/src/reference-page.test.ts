import { expect, test } from 'vitest';
import { referencePage } from './reference-page.ts';

test('the reference page is what the schema says', async () => {
  await expect(referencePage()).toMatchFileSnapshot('../../../config/REFERENCE.md');
});
