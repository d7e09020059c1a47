/** Puts together the folder that is packed for npm and copied into the image. */
import { existsSync, globSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';
import { lockedPackages, productionInstall } from './locked-packages.ts';
import { commandManifest, libraryManifest, type Manifest } from './manifests.ts';
import { openToEveryone } from './modes.ts';
import { notices, type ForeignManifest, type ForeignPackage } from './notices.ts';

/** Whose dependencies are staged. */
const command = 'apps/dstream';

/** Of packages of others: what does not run. Below node_modules, Node.js runs no TypeScript. */
const doesNotRun = /\.(?:map|[cm]?ts|tsbuildinfo|test\.[cm]?js)$/;
const testFolders = new Set(['test', 'tests', '__tests__']);

const licenceFile = /^(?:licen[cs]e|copying|notice)/i;

/**
 * Makes `target` anew from what `tsc -b` has built and `npm ci` has installed in `root`. Throws when something of it is
 * missing, or is not what the lock file says.
 */
export async function stage(root: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  const foreign: ForeignPackage[] = [];
  for (const [path, staged] of await stagedPaths(root)) {
    const [from, to] = [join(root, path), join(target, staged)];
    if (path === command) await stageCommand(root, to);
    else if (isOurs(path)) await stageLibrary(from, to);
    else foreign.push({ path: staged, ...(await stageForeign(from, to, path)) });
  }
  await writeFile(join(target, 'THIRD-PARTY-NOTICES'), notices(foreign));
  await openToEveryone(target);
}

/** Folders of the workspace by where they are staged. Two of one place would need a version for each: that is refused. */
async function stagedPaths(root: string): Promise<ReadonlyMap<string, string>> {
  const locked = lockedPackages();
  const paths = [...productionInstall(command)].filter((path) => locked[path]?.link !== true);
  const ours = new Map<string, string>([['', '']]);
  for (const path of paths.filter(isOurs)) {
    const { name } = await readJson<Manifest>(join(root, path, 'package.json'));
    ours.set(path, path === command ? '' : join('node_modules', name));
  }
  const staged = new Map(paths.map((path) => [path, stagedPath(path, ours)]));
  if (new Set(staged.values()).size < staged.size)
    throw new Error(`${command} and the root of the workspace have different versions of one package`);
  return staged;
}

function stagedPath(path: string, ours: ReadonlyMap<string, string>): string {
  if (isOurs(path)) return ours.get(path) ?? path;
  const start = path.indexOf('node_modules/');
  return join(ours.get(path.slice(0, Math.max(0, start - 1))) ?? '', path.slice(start));
}

const isOurs = (path: string) => !path.includes('node_modules/');

async function stageCommand(root: string, to: string): Promise<void> {
  const from = join(root, command);
  await copyBuilt(from, to);
  await cp(join(from, 'bin'), join(to, 'bin'), { recursive: true });
  for (const file of ['LICENSE', 'README.md', 'CHANGELOG.md']) await cp(join(root, file), join(to, file));
  const workspace = await readJson<Manifest>(join(root, 'package.json'));
  await writeJson(
    join(to, 'package.json'),
    commandManifest(await readJson(join(from, 'package.json')), workspace),
  );
}

async function stageLibrary(from: string, to: string): Promise<void> {
  await copyBuilt(from, to);
  await writeJson(join(to, 'package.json'), libraryManifest(await readJson(join(from, 'package.json'))));
}

/** What was built, without what a source that is gone has left behind. */
async function copyBuilt(from: string, to: string): Promise<void> {
  const source = (built: string) => built.replace(/^dist/, 'src').replace(/\.js$/, '.ts');
  const built = globSync('dist/**/*.js', { cwd: from }).filter((file) =>
    existsSync(join(from, source(file))),
  );
  if (built.length === 0) throw new Error(`${from} is not built: run npm run build`);
  for (const file of built) await cp(join(from, file), join(to, file));
}

async function stageForeign(from: string, to: string, path: string): Promise<Omit<ForeignPackage, 'path'>> {
  const manifest = await readJson<ForeignManifest>(join(from, 'package.json'));
  const { version } = lockedPackages()[path] ?? {};
  if (manifest.version !== version)
    throw new Error(
      `${path} is version ${manifest.version}, the lock file says ${String(version)}: run npm ci`,
    );
  await mkdir(dirname(to), { recursive: true });
  await cp(from, to, { recursive: true, filter: (file) => runs(relative(from, file)) });
  return { manifest, licences: (await readdir(from)).filter((file) => licenceFile.test(file)) };
}

/** @param file relative to its package */
function runs(file: string): boolean {
  return file !== 'node_modules' && !testFolders.has(file) && !doesNotRun.test(basename(file));
}

async function readJson<T>(file: string): Promise<T> {
  return JSON.parse(await readFile(file, 'utf8')) as T;
}

async function writeJson(file: string, value: object): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`);
}
