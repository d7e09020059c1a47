/** What `npm run package` made, and its installation. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

export const root = resolve(import.meta.dirname, '../..');

const manifest = readFileSync(join(root, 'apps/dstream/package.json'), 'utf8');
export const { version } = JSON.parse(manifest) as { readonly version: string };

/** What is packed. */
export const folder = join(root, 'build/package');
export const tarball = join(root, 'build', `dstream-${version}.tgz`);

const execute = promisify(execFile);

/**
 * `npm install --global` of the tarball. Resolves with the launcher.
 * @param npm the program and its first arguments
 * @param path becomes PATH
 */
export async function install(
  [program = 'npm', ...first]: readonly string[],
  path: string | undefined,
  prefix: string,
  options: readonly string[],
): Promise<string> {
  const args = [...first, 'install', '--global', '--prefix', prefix, ...options, tarball];
  await execute(program, args, { env: { ...process.env, PATH: path } });
  return join(prefix, 'bin/dstream');
}
