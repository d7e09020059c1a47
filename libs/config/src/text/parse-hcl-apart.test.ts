import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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

test.each([
  [
    'a package that is missing',
    [
      'node:internal/modules/package_json_reader:331',
      '  throw new ERR_MODULE_NOT_FOUND(packageName, fileURLToPath(base), null);',
      '        ^',
      '',
      "Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'hcl' imported from /app/parse-hcl.ts",
      '    at packageResolve (node:internal/modules/esm/resolve:784:25) {',
      "  code: 'ERR_MODULE_NOT_FOUND'",
      '}',
      '',
      'Node.js v24.21.0',
    ],
    "1 Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'hcl' imported from /app/parse-hcl.ts; the installation is not complete: run npm ci",
  ],
  [
    'memory that is used up',
    [
      '<--- Last few GCs --->',
      'FATAL ERROR: Reached heap limit',
      '----- Native stack trace -----',
      ' 1: 0x7f',
    ],
    '1 FATAL ERROR: Reached heap limit',
  ],
  ['something without an error', ['this', 'that'], '1 that'],
])('a parser that ends for %s says so', async (_, lines, reason) => {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-parser-'));
  try {
    const parser = join(folder, 'node');
    await writeFile(parser, `#!/bin/sh\n/bin/cat >&2 <<'END'\n${lines.join('\n')}\nEND\nexit 1\n`);
    await chmod(parser, 0o755);
    vi.spyOn(process, 'execPath', 'get').mockReturnValue(parser);
    await expect(parseHclApart('ingester {}')).rejects.toMatchObject({
      code: 'Unexpected',
      message: `the configuration parser failed: ${reason}`,
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
