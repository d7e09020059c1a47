/** Errors of the operating system into ours, by code: errno(3), and the manual pages of open, write, fsync and rename. */
import { DStreamError, type ErrorCode } from '@dstream/core';

const known: Readonly<Record<string, readonly [ErrorCode, string]>> = {
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
  EIO: ['Transient', 'the disk reports an input/output error: look at its health'],
};

/** What is ours already is left as it is. */
export function translateFileError(error: unknown, path: string): DStreamError {
  if (error instanceof DStreamError) return error;
  const code = errorCodeOf(error) ?? '';
  const [ours, advice] =
    known[code] ?? (['Unexpected', `the file could not be written (${code || 'no code'})`] as const);
  return new DStreamError(ours, `${path}: ${advice}`, { cause: error });
}

export function errorCodeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** Runs `call`; undefined when what it is about is not there any more. */
export async function unlessMissing<T>(call: () => Promise<T>): Promise<T | undefined> {
  try {
    return await call();
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
