import { afterEach, expect, test, vi } from 'vitest';
import { parseHclApart } from './parse-hcl-apart.ts';

afterEach(() => vi.restoreAllMocks());

test('a parser that the system does not start is named, with the limits to check', async () => {
  vi.spyOn(process, 'execPath', 'get').mockReturnValue('/nowhere/node');
  await expect(parseHclApart('ingester {}')).rejects.toMatchObject({
    code: 'Transient',
    message: expect.stringMatching(
      /could not be started \(ENOENT\): check the limits of open files/,
    ) as string,
  });
});
