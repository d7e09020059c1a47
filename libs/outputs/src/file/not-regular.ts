/** What a path names must keep what is written to it: only regular files do. */
import { DStreamError } from '@dstream/core';
import type { PathStatus } from './file-system.ts';

const useConsole = 'use an output of type "console" and redirect the standard output of dstream to it';

const advice: Readonly<Record<Exclude<PathStatus['kind'], 'file'>, string>> = {
  directory: 'the path is a directory: add the name of a file',
  pipe: `the path is a named pipe, which keeps nothing: ${useConsole}, or choose the path of a regular file`,
  device: `the path is a device, which keeps nothing: ${useConsole}, or choose the path of a regular file`,
  socket: 'the path is a socket: choose the path of a regular file',
};

/** Throws ConfigInvalid for what is there and is not a regular file. To be called before it is opened. */
export function assertRegular(path: string, status: PathStatus | undefined): void {
  if (status === undefined || status.kind === 'file') return;
  throw new DStreamError('ConfigInvalid', `${path}: ${advice[status.kind]}`);
}

/** Devices and open descriptors of this process; `/dev/shm` is a directory in memory like any other. */
const specialPath = /^\/+(proc|dev(?!\/+shm\/))\//;

/** What is wrong with a path that can be told by its name alone: `wrong; right`. */
export function pathFinding(path: string): string | undefined {
  if (specialPath.test(path)) return `"${path}" keeps nothing that is written to it; ${useConsole}`;
  // Only the scheme is repeated: an address may hold a password.
  const [, scheme] = /^([A-Za-z][A-Za-z\d+.-]*):\/\//.exec(path) ?? [];
  if (scheme !== undefined)
    return `"${scheme}://" begins an address; write the path of a file on this machine`;
  const [home] = /^~[\w-]*\//.exec(path) ?? [];
  if (home !== undefined) return `"${home}" is not replaced by a home directory; write the whole path`;
  if (/(?:^|\/)\.{0,2}$/.test(path)) return `"${path}" is a directory; add the name of a file`;
  return undefined;
}
