/** The few calls on files that the publisher makes: small, so that a test can make each of them fail. */
import { constants, type Stats } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';
import { unlessMissing } from './translate-file-error.ts';

/** Rejects with Node's own errors: `translateFileError` makes ours of them. */
export interface FileSystem {
  /** For reading and appending. Makes it when it is not there. */
  open(path: string): Promise<OpenFile>;
  /** What the path names now, links followed; undefined when there is nothing. */
  look(path: string): Promise<PathStatus | undefined>;
  /** Makes an empty file; EEXIST when there is one. */
  create(path: string): Promise<void>;
  rename(from: string, to: string): Promise<void>;
  remove(path: string): Promise<void>;
  /** Names in a directory. */
  list(directory: string): Promise<readonly string[]>;
  /** With all that lead to it; durable. Nothing happens when it is there. */
  makeDirectory(path: string): Promise<void>;
  /** When the file was last modified, ms since 1970 by the clock of the file system. */
  modifiedMs(path: string): Promise<number>;
  /** Sets that time to now. */
  touch(path: string): Promise<void>;
  /** Resolves when names that were made, renamed or removed in the directory of `path` are durable. */
  syncDirectoryOf(path: string): Promise<void>;
}

export interface PathStatus {
  readonly kind: 'file' | 'directory' | 'pipe' | 'device' | 'socket';
  /** Device and inode: the same for every name of one file. */
  readonly identity: string;
  readonly sizeBytes: number;
}

export interface OpenFileStatus {
  readonly identity: string;
  readonly sizeBytes: number;
  readonly bornMs: number;
  /** Names that it has. 0: it is gone with the last handle. */
  readonly links: number;
}

export interface OpenFile {
  status(): Promise<OpenFileStatus>;
  /** Up to `length` bytes from `at`; fewer at the file's end. */
  read(at: number, length: number): Promise<Uint8Array>;
  /**
   * All of `bytes`, behind whatever the file holds at that moment; or it rejects and any part of them may have been
   * written.
   */
  append(bytes: Uint8Array): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Resolves when what was written is durable (fdatasync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

/** Changes are data of a database: the world does not read them. */
const fileMode = 0o640;
const directoryMode = 0o750;

/** Appending, so that nothing that another program did to the file is written over, nor a hole left behind it. */
const openFlags = constants.O_RDWR | constants.O_CREAT | constants.O_APPEND;

export const nodeFileSystem: FileSystem = {
  open: async (path) => openFile(await open(path, openFlags, fileMode)),
  look: async (path) => {
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
      // A file system without the time of birth reports 0.
      const bornMs = birthtimeMs > 0 ? birthtimeMs : mtimeMs;
      return { identity: identityOf(stats), sizeBytes: size, bornMs, links: nlink };
    },
    read: async (at, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    },
    append: (bytes) => appendAll(handle, bytes),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** One call may write less than it was given: on a disk that is nearly full, for example. */
async function appendAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, null);
    done += bytesWritten;
  }
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

/** Resolves when the names of all that were made are durable. */
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
