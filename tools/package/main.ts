/** `npm run package`: `build/package`, which the image takes, and of it `build/dstream-VERSION.tgz`, which npm installs. */
import { execFileSync } from 'node:child_process';
import { globSync, statSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { stage } from './stage.ts';

const root = resolve(import.meta.dirname, '../..');
const build = join(root, 'build');
const folder = join(build, 'package');

/** Packs `folder` and says which file that made. */
function pack(): string {
  const options = ['pack', '--silent', '--ignore-scripts', '--pack-destination', build];
  const name = execFileSync('npm', options, { cwd: folder, encoding: 'utf8' }).trim();
  return join(build, name);
}

function report(path: string, bytes: number): void {
  process.stdout.write(`${relative(root, path)}: ${(bytes / 1e6).toFixed(1)} MB\n`);
}

const { values } = parseArgs({ options: { 'folder-only': { type: 'boolean' } } });
await stage(root, folder);
const files = globSync('**/*', { cwd: folder, withFileTypes: true }).filter((file) => file.isFile());
report(
  folder,
  files.reduce((bytes, file) => bytes + statSync(join(file.parentPath, file.name)).size, 0),
);
if (values['folder-only'] !== true) {
  const tarball = pack();
  report(tarball, statSync(tarball).size);
}
