/** The checks of a `file` output: its directory, a file in it, free space, and who else writes to the path. */
import { randomUUID } from 'node:crypto';
import { open, readdir, rm, stat, statfs } from 'node:fs/promises';
import { basename, join } from 'node:path';
import {
  shellWord,
  type CallOptions,
  type CheckResult,
  type Checks,
  type FailedCheck,
  type Hash,
  type Remedy,
} from '@dstream/core';
import { PathTemplate } from './file-path.ts';
import { assertRegular, errorCodeOf, fileProblem, nodeFileSystem } from './file-system.ts';
import { lockOwnerIn } from './path-lock.ts';

/** The calls that are made, few enough that a test can make each of them fail. They reject with Node's own errors. */
export interface CheckedFiles {
  /** ENOENT or ENOTDIR where there is no directory. */
  list(directory: string): Promise<readonly string[]>;
  /** Creates a new file, makes some bytes in it durable, and removes it, whatever happens. */
  tryToWrite(path: string): Promise<void>;
  /** Opens an existing file for writing; changes nothing. Resolves with false when there is none. */
  tryToOpen(path: string): Promise<boolean>;
  freeBytes(directory: string): Promise<number>;
}

/** The file system of this machine. */
export const checkedFiles: CheckedFiles = {
  list: (directory) => readdir(directory),
  tryToWrite: async (path) => {
    const file = await open(path, 'wx', 0o640);
    try {
      await file.write('dstream check\n');
      await file.datasync();
    } finally {
      await file.close();
      await rm(path, { force: true });
    }
  },
  tryToOpen: async (path) => {
    assertRegular(path, await nodeFileSystem.stat(path));
    if ((await stat(path).catch(() => undefined)) === undefined) return false;
    await (await open(path, 'r+')).close();
    return true;
  },
  freeBytes: async (directory) => {
    const { bavail, bsize } = await statfs(directory);
    return bavail * bsize;
  },
};

/** What of the output's settings is looked at. */
export interface CheckedFileSettings {
  /** May hold `{{ table }}` and other parts of names. */
  readonly path: string;
  readonly maxBytes: number;
}

/** Writes one small file, `dstream-check-…`, and removes it. */
export async function* checkFile(
  { path, maxBytes }: CheckedFileSettings,
  hash: Hash,
  { signal }: CallOptions,
  files = checkedFiles,
): Checks {
  const template = new PathTemplate(path, hash);
  const directory = template.root;
  const listed = await listing(directory, files);
  signal.throwIfAborted();
  if ('outcome' in listed) {
    yield listed;
    return;
  }
  const writable = await writability(directory, files);
  yield writable;
  if (writable.outcome === 'failed') return;
  if (!template.varies) yield* await pathChecks(path, listed.names, files);
  signal.throwIfAborted();
  yield judgeSpace(directory, await files.freeBytes(directory), maxBytes);
}

async function listing(
  directory: string,
  files: CheckedFiles,
): Promise<{ readonly names: readonly string[] } | FailedCheck> {
  try {
    return { names: await files.list(directory) };
  } catch (error) {
    return missing(directory, error);
  }
}

function missing(directory: string, error: unknown): FailedCheck {
  const { wrong, right } = fileProblem(error, directory);
  const remedy: Remedy =
    errorCodeOf(error) === 'ENOENT'
      ? { kind: 'command', text: `mkdir -p ${shellWord(directory)}` }
      : { kind: 'advice', text: right };
  return {
    outcome: 'failed',
    check: 'file.directory',
    subject: directory,
    message: `${directory}: ${wrong}`,
    remedy,
  };
}

async function writability(directory: string, files: CheckedFiles): Promise<CheckResult> {
  const check = 'file.writable';
  try {
    await files.tryToWrite(join(directory, `dstream-check-${randomUUID()}`));
    const message = `files can be created in ${directory}`;
    return { outcome: 'passed', check, subject: directory, message };
  } catch (error) {
    return { outcome: 'failed', check, subject: directory, ...problemOf(directory, error) };
  }
}

/** Of a path without templates: the file that is there already, and its lock. */
async function pathChecks(
  path: string,
  names: readonly string[],
  files: CheckedFiles,
): Promise<readonly CheckResult[]> {
  const check = 'file.path';
  try {
    const exists = await files.tryToOpen(path);
    const message = exists ? `${path} can be written to` : `${path} does not exist yet`;
    return [{ outcome: 'passed', check, subject: path, message }, ...lockChecks(path, names)];
  } catch (error) {
    return [{ outcome: 'failed', check, subject: path, ...problemOf(path, error) }];
  }
}

/** A dstream that runs has the lock, which is as it has to be, unless it is another replica with the same path. */
function lockChecks(path: string, names: readonly string[]): readonly CheckResult[] {
  const owner = names.map((name) => lockOwnerIn(name, basename(path))).find((found) => found !== undefined);
  if (owner === undefined) return [];
  return [
    {
      outcome: 'warned',
      check: 'file.lock',
      subject: path,
      message: `process ${owner.pid} on ${owner.host} writes to ${path}, or did until it was killed`,
      remedy: {
        kind: 'advice',
        text: 'nothing to do if that is the processor which this file is for; each replica needs a path of its own, such as one with {{ env "HOSTNAME" }}',
      },
    },
  ];
}

function judgeSpace(directory: string, free: number, maxBytes: number): CheckResult {
  const check = 'file.space';
  const message = `${mebibytes(free)} are free in ${directory}`;
  if (free >= maxBytes) return { outcome: 'passed', check, subject: directory, message };
  const text = `free some space, or set max_bytes (${mebibytes(maxBytes)}) lower and move finished files away`;
  return { outcome: 'warned', check, subject: directory, message, remedy: { kind: 'advice', text } };
}

function problemOf(path: string, error: unknown): Pick<FailedCheck, 'message' | 'remedy'> {
  const { wrong, right } = fileProblem(error, path);
  const code = errorCodeOf(error);
  const uid = process.getuid?.();
  const remedy: Remedy =
    (code === 'EACCES' || code === 'EPERM') && uid !== undefined
      ? { kind: 'command', text: `chown ${uid} ${shellWord(path)}` }
      : { kind: 'advice', text: right };
  return { message: `${path}: ${wrong}`, remedy };
}

function mebibytes(bytes: number): string {
  return `${Math.floor(bytes / 1_048_576)} MiB`;
}
