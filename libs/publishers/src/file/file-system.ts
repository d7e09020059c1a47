/** The few calls on files that the publisher makes: small, so that a test can make each of them fail. */
import { constants } from 'node:fs';
import { mkdir, open, readdir, rename, stat, unlink, utimes, type FileHandle } from 'node:fs/promises';
import { dirname } from 'node:path';

/** Rejects with Node's own errors: `translateFileError` makes ours of them. */
export interface FileSystem {
  /** For reading and writing. Makes it when it is not there. */
  open(path: string): Promise<OpenFile>;
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

export interface OpenFile {
  status(): Promise<{ readonly sizeBytes: number; readonly bornMs: number }>;
  /** Up to `length` bytes from `at`; fewer at the file's end. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** All of `bytes`, or it rejects and any part of them may have been written. */
  write(bytes: Uint8Array, at: number): Promise<void>;
  truncate(sizeBytes: number): Promise<void>;
  /** Resolves when what was written is durable (fdatasync). */
  sync(): Promise<void>;
  close(): Promise<void>;
}

export const nodeFileSystem: FileSystem = {
  open: async (path) => openFile(await open(path, constants.O_RDWR | constants.O_CREAT)),
  create: async (path) => (await open(path, 'wx')).close(),
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
      const { size, birthtimeMs, mtimeMs } = await handle.stat();
      // A file system without the time of birth reports 0.
      return { sizeBytes: size, bornMs: birthtimeMs > 0 ? birthtimeMs : mtimeMs };
    },
    read: async (at, length) => {
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, at);
      return buffer.subarray(0, bytesRead);
    },
    write: (bytes, at) => writeAll(handle, bytes, at),
    truncate: (sizeBytes) => handle.truncate(sizeBytes),
    sync: () => handle.datasync(),
    close: () => handle.close(),
  };
}

/** One call may write less than it was given: on a disk that is nearly full, for example. */
async function writeAll(handle: FileHandle, bytes: Uint8Array, at: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done);
    done += bytesWritten;
  }
}

/** Resolves when the names of all that were made are durable. */
async function makeDirectory(path: string): Promise<void> {
  const first = await mkdir(path, { recursive: true });
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
