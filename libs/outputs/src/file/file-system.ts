/** The calls on files that a `file` output makes, few enough that a test can make each of them fail, and their errors. */
import { constants, type Stats } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DStreamError, type ErrorCode } from '@dstream/core';
import { useConsole } from './file-path.ts';

/** Rejects with Node's own errors; `translateFileError` turns them into ours. */
export interface FileSystem {
  /** Opens a file for reading and appending; creates it if it does not exist. */
  open(path: string): Promise<OpenFile>;
  /** What the path names now, links followed; undefined if there is nothing. */
  stat(path: string): Promise<PathStatus | undefined>;
  /** Creates an empty file; EEXIST if there is one. */
  create(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** The names in a directory. */
  list(directory: string): Promise<readonly string[]>;
  /** Creates a directory and its parents, durably. Does nothing if it exists. */
  makeDirectory(path: string): Promise<void>;
  /** When the file was last modified, milliseconds since 1970 by the clock of the file system. */
  modifiedMs(path: string): Promise<number>;
  /** Sets that time to now. */
  touch(path: string): Promise<void>;
  /** Resolves when names created, renamed or removed in the directory of `path` are durable. */
  syncDirectoryOf(path: string): Promise<void>;
}

/** What a path names. */
export interface PathStatus {
  readonly kind: 'file' | 'directory' | 'pipe' | 'device' | 'socket';
  /** Device and inode: the same for every name of one file. */
  readonly identity: string;
  readonly sizeBytes: number;
}

/** The state of an open file, under whatever name it has by now. */
interface OpenFileStatus {
  readonly identity: string;
  readonly sizeBytes: number;
  readonly bornMs: number;
  /** How many names the file has. With 0 it disappears when it is closed. */
  readonly links: number;
}

/** One open file. */
export interface OpenFile {
  status(): Promise<OpenFileStatus>;
  /** Up to `length` bytes from `at`; fewer at the end of the file. */
  read(at: number, length: number): Promise<Uint8Array>;
  /**
   * Writes all `parts` in order at the current end of the file. When it rejects, any part of them may have been
   * written.
   */
  append(parts: readonly Uint8Array[]): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Resolves when everything written so far is durable (fdatasync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Changes are the data of a database: not for every user of the machine. */
const fileMode = 0o640;
const directoryMode = 0o750;

/** Appending neither overwrites what another program wrote to the file nor leaves a hole after it was truncated. */
const openFlags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;

/** The file system of this machine. */
export const nodeFileSystem: FileSystem = {
  open: async (path) => openFile(await open(path, openFlags, fileMode)),
  stat: async (path) => {
    const stats = await unlessMissing(() => stat(path));
    return stats && { kind: kindOf(stats), identity: identityOf(stats), sizeBytes: stats.size };
  },
  create: async (path) => (await open(path, 'wx', fileMode)).close(),
  rename,
  remove: unlink,
  list: (directory) => readdir(directory),
  makeDirectory,
  modifiedMs: async (path) => (await stat(path)).mtimeMs,
  touch: (path) => utimes(path, new Date(), new Date()),
  syncDirectoryOf,
};

function openFile(handle: FileHandle): OpenFile {
  return {
    status: async () => {
      const stats = await handle.stat();
      const { size, birthtimeMs, mtimeMs, nlink } = stats;
      // A file system that does not keep the time of birth reports 0.
      const bornMs = birthtimeMs > 0 ? birthtimeMs : mtimeMs;
      return { identity: identityOf(stats), sizeBytes: size, bornMs, links: nlink };
    },
    read: async (at, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    },
    append: (parts) => appendAll(handle, parts),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** Writes all of it. One call may write less than it was given, for example on a disk that is nearly full: writev(2). */
export async function appendAll(
  handle: Pick<FileHandle, 'writev'>,
  parts: readonly Uint8Array[],
): Promise<void> {
  for (let rest = parts; rest.length > 0;) {
    const { bytesWritten } = await handle.writev(rest);
    rest = dropBytes(rest, bytesWritten);
  }
}

/** `parts` without their first `bytes` bytes. */
function dropBytes(parts: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  const next = parts.findIndex(({ length }) => {
    if (skip < length) return true;
    skip -= length;
    return false;
  });
  const first = parts[next];
  return first === undefined ? [] : [first.subarray(skip), ...parts.slice(next + 1)];
}

function identityOf({ dev, ino }: Stats): string {
  return `${dev}:${ino}`;
}

function kindOf(stats: Stats): PathStatus['kind'] {
  if (stats.isDirectory()) return 'directory';
  if (stats.isFIFO()) return 'pipe';
  if (stats.isSocket()) return 'socket';
  return stats.isFile() ? 'file' : 'device';
}

/** Resolves when the names of all directories that were created are durable. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true, mode: directoryMode });
  if (first === undefined) return;
  for (let made = path; made.length >= first.length && made !== dirname(made); made = dirname(made)) {
    await syncDirectoryOf(made);
  }
}

async function syncDirectoryOf(path: string): Promise<void> {
  // Windows has no such call; its file system journals names.
  if (process.platform === 'win32') return;
  await using directory = await open(dirname(path), 'r');
  await directory.sync();
}

const notRegular: Readonly<Record<Exclude<PathStatus['kind'], 'file'>, string>> = {
  directory: 'the path is a directory: add the name of a file',
  pipe: `the path is a named pipe, which keeps nothing: ${useConsole}, or choose the path of a regular file`,
  device: `the path is a device, which keeps nothing: ${useConsole}, or choose the path of a regular file`,
  socket: 'the path is a socket: choose the path of a regular file',
};

/** Throws ConfigInvalid for a path that names anything but a regular file. Called before the file is opened. */
export function assertRegular(path: string, status: PathStatus | undefined): void {
  if (status === undefined || status.kind === 'file') return;
  throw new DStreamError('ConfigInvalid', `${path}: ${notRegular[status.kind]}`);
}

/** By errno(3) and the manual pages of open, write, fsync and rename. */
const knownErrors: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ['DiskFull', 'the disk is full: free some space or move the path'],
  EDQUOT: ['DiskFull', 'the disk quota is used up: raise it or free some space'],
  EFBIG: ['DiskFull', 'the file is larger than the system allows: set a smaller max_bytes'],
  EACCES: [
    'Unauthorized',
    'permission denied: give the user of this process write access to the directory and its files',
  ],
  EPERM: [
    'Unauthorized',
    'not permitted: give the user of this process write access to the directory and its files',
  ],
  EROFS: ['Unauthorized', 'the file system is read-only: mount it for writing or choose another path'],
  ENOENT: ['EntityNotFound', 'the directory does not exist: create it'],
  ENOTDIR: ['ConfigInvalid', 'a part of the path is a file: choose another path'],
  EISDIR: ['ConfigInvalid', 'the path is a directory: add the name of a file'],
  ENAMETOOLONG: ['ConfigInvalid', 'the path is too long: choose a shorter one'],
  ELOOP: ['ConfigInvalid', 'the path has a loop of links: choose another one'],
  EMFILE: ['Transient', 'too many open files in this process: raise its limit (ulimit -n)'],
  ENFILE: ['Transient', 'too many open files on this machine: raise its limit'],
  EIO: ['Transient', 'the disk reports an input/output error: check its health'],
};

/** An error of the operating system as one of ours, by its code. One that is ours already passes unchanged. */
export function translateFileError(error: unknown, path: string): DStreamError {
  if (error instanceof DStreamError) return error;
  const [ours, advice] = meaningOf(error);
  return new DStreamError(ours, `${path}: ${advice}`, { cause: error });
}

function meaningOf(error: unknown): readonly [ErrorCode, string] {
  const code = errorCodeOf(error) ?? '';
  return knownErrors[code] ?? ['Unexpected', `the file could not be written (${code || 'no code'})`];
}

/** The two halves of what an error means. */
export interface FileProblem {
  readonly wrong: string;
  readonly right: string;
}

/** For checks, which say what is wrong and what to do apart from each other. */
export function fileProblem(error: unknown, path: string): FileProblem {
  const text = error instanceof DStreamError ? error.message.replace(`${path}: `, '') : meaningOf(error)[1];
  const [wrong = '', ...right] = text.split(': ');
  return { wrong, right: right.join(': ') || 'look up its code in errno(3)' };
}

/** `ENOENT` and its like; undefined for anything but a system error of Node. */
export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Runs `call`; undefined if the file it concerns does not exist (any more). */
export async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
