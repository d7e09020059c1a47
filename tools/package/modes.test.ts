import { mkdtempDisposable, mkdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { openToEveryone } from './modes.ts';

test('what a checkout of umask 077 or 002 has is staged with the same modes', async () => {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'dstream-modes-'));
  const at = (name: string) => join(folder.path, name);
  await mkdir(at('bin'), { mode: 0o700 });
  await writeFile(at('bin/run'), '', { mode: 0o700 });
  await writeFile(at('LICENSE'), '', { mode: 0o600 });
  await writeFile(at('shared'), '', { mode: 0o664 });
  await openToEveryone(folder.path);
  const modes = ['', 'bin', 'bin/run', 'LICENSE', 'shared'].map(
    async (name) => (await stat(at(name))).mode & 0o777,
  );
  expect(await Promise.all(modes)).toEqual([0o755, 0o755, 0o755, 0o644, 0o644]);
});
