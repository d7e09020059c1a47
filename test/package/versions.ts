/** Versions of npm and Node.js, fetched by the npm of this machine into a folder that is removed in the end. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** What the launcher calls, and npm. */
const tools = ['cat', 'dirname', 'readlink', 'sh', 'uname'];

const execute = promisify(execFile);

export class Versions implements AsyncDisposable {
  readonly folder: string;

  private constructor(folder: string) {
    this.folder = folder;
  }

  static async fetch(npms: readonly string[], nodes: readonly string[]): Promise<Versions> {
    const versions = new Versions(await mkdtemp(join(tmpdir(), 'dstream package ')));
    for (const version of npms) await versions.#fetch(`npm@${version}`);
    for (const version of nodes) await versions.#fetchNode(version);
    return versions;
  }

  /** The program of this version, for a Node.js to run. */
  npm(version: string): string {
    return join(this.folder, `npm@${version}`, 'node_modules/npm/bin/npm-cli.js');
  }

  /** A folder for PATH with `node` of this version and what the launcher and npm call, but no other Node.js. */
  path(version: string): string {
    return join(this.folder, `node@${version}`);
  }

  async #fetchNode(version: string): Promise<void> {
    const name = `node-linux-${process.arch}`;
    await this.#fetch(`${name}@${version}`);
    const path = this.path(version);
    await mkdir(path);
    await symlink(
      join(this.folder, `${name}@${version}`, 'node_modules', name, 'bin/node'),
      join(path, 'node'),
    );
    for (const tool of tools) await symlink(programOf(tool), join(path, tool));
  }

  async #fetch(what: string): Promise<void> {
    await execute('npm', ['install', '--ignore-scripts', '--prefix', join(this.folder, what), what]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true });
  }
}

function programOf(name: string): string {
  const found = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`${name} is neither in /usr/bin nor in /bin`);
  return found;
}
