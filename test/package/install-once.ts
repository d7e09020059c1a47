/** Installs the package for the tests of `test/integration` and `test/e2e`, which start `dstream`. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { install } from './package.ts';

/** Called by vitest before it starts any worker. Resolves with what it calls in the end. */
export async function setup(): Promise<() => Promise<void>> {
  const prefix = await mkdtemp(join(tmpdir(), 'dstream-package-'));
  // test/support/program.ts
  process.env['DSTREAM_TEST_PROGRAM'] = await install(['npm'], process.env['PATH'], prefix, [
    '--omit=optional',
  ]);
  return () => rm(prefix, { recursive: true });
}
