/**
 * The base image under its official name: pulled, or where that cannot be, made of Debian's packages and the npm
 * packages of Node.js and npm. With one that was made here, the instructions of the Dockerfile are tried, not the base.
 */
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BaseImage } from './dockerfile.ts';
import { ask, type Engine } from './engine.ts';
import { execute, root } from './execute.ts';

/** Of Node.js 24. */
const npmVersion = '11.21.2';

/** Rejects with the reason when there is no such image, no registry, or no answer from it. */
export async function pullBase(engine: Engine, { name }: BaseImage, signal: AbortSignal): Promise<void> {
  await ask(engine, ['pull', '--quiet', `docker.io/library/${name}`], signal);
}

/** Undefined where it can be made; else why not. */
export async function whyNotMade({ name }: Engine, signal: AbortSignal): Promise<string | undefined> {
  if (name !== 'podman') return `${name} has no store of its own for it`;
  if (process.getuid?.() !== 0) return 'only root can make it';
  return execute('mmdebstrap', ['--version'], signal).then(
    () => undefined,
    () => 'there is no mmdebstrap: --install installs it on Debian',
  );
}

export async function makeBase(engine: Engine, base: BaseImage, signal: AbortSignal): Promise<undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'dstream-image-base-'));
  try {
    await execute(
      'mmdebstrap',
      ['--quiet', '--variant=minbase', base.suite, join(folder, 'debian.tar')],
      signal,
    );
    await addNode(folder, signal);
    await writeFile(join(folder, 'Dockerfile'), 'FROM scratch\nADD debian.tar /\nCOPY usr /usr\n');
    const tag = `docker.io/library/${base.name}`;
    await ask(engine, ['build', ...engine.buildFlags, '--quiet', '--tag', tag, folder], signal);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** As in the official image: below /usr/local. */
async function addNode(folder: string, signal: AbortSignal): Promise<void> {
  const local = join(folder, 'usr/local');
  const node = join(root, `node_modules/node-linux-${process.arch}`);
  await Promise.all(['bin', 'etc'].map((name) => mkdir(join(local, name), { recursive: true })));
  await copyFile(join(node, 'bin/node'), join(local, 'bin/node'));
  await copyFile(join(node, 'LICENSE'), join(local, 'LICENSE'));
  await execute('npm', ['install', '--global', '--prefix', local, `npm@${npmVersion}`], signal);
  await writeFile(join(local, 'etc/npmrc'), await npmSettings(join(local, 'etc/npm-ca.pem'), signal));
}

/** The registry of this machine and who vouches for it: the base, which is not shipped, is all that the build knows of it. */
async function npmSettings(authorities: string, signal: AbortSignal): Promise<string> {
  const get = async (key: string) => (await execute('npm', ['config', 'get', key], signal)).join('').trim();
  const [registry, cafile] = [await get('registry'), await get('cafile')];
  const lines = [`registry=${registry}`];
  if (cafile !== 'null' && cafile !== '') {
    await copyFile(cafile, authorities);
    lines.push('cafile=/usr/local/etc/npm-ca.pem');
  }
  return `${lines.join('\n')}\n`;
}
