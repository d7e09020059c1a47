/** What a process has loaded, by a hook of Node's own in that process. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const preload = new URL('report-loaded-modules.ts', import.meta.url).href;

/**
 * Paths of the modules, imported or required, of a process.
 * @param run starts it with these variables and resolves when it has ended by itself; a killed one tells nothing
 */
export async function loadedModules(
  run: (env: Readonly<Record<string, string>>) => Promise<unknown>,
): Promise<readonly string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-loaded-'));
  try {
    const file = join(folder, 'modules');
    await run({ NODE_OPTIONS: `--import=${preload}`, DSTREAM_TEST_LOADED: file });
    return (await readFile(file, 'utf8')).split('\n').map((url) => fileURLToPath(url));
  } finally {
    await rm(folder, { recursive: true });
  }
}

const root = resolve(import.meta.dirname, '../..');

/** The packages of these modules: by their names, ours by their folders (`libs/core`). */
export function packagesOf(modules: readonly string[]): ReadonlySet<string> {
  return new Set(modules.map(packageOf));
}

function packageOf(path: string): string {
  const [, installed] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(path) ?? [];
  if (installed !== undefined) return installed;
  const own = path.slice(root.length + 1);
  return own.slice(0, Math.max(own.lastIndexOf('/src/'), 0)) || own;
}
