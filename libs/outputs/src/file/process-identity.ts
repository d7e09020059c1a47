/** Who this process is, for locks on paths. */
import { randomUUID } from 'node:crypto';
import { readlink } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { ProcessIdentity } from './path-lock.ts';
import { errorCodeOf } from './translate-file-error.ts';

/** One for the process: two of its outputs that write to one path meet in the name of their lock. */
const token = randomUUID().slice(0, 8);

export async function thisProcess(): Promise<ProcessIdentity> {
  const host = `${hostname()}${await processNamespace()}`.replace(/[^A-Za-z0-9.-]/g, '-').slice(0, 80);
  return { host, pid: process.pid, token, isAlive };
}

/**
 * Containers may share a host's name and a volume but not their process ids: pid_namespaces(7). Empty where there is no
 * such thing.
 */
async function processNamespace(): Promise<string> {
  if (process.platform !== 'linux') return '';
  try {
    return `-${/\d+/.exec(await readlink('/proc/self/ns/pid'))?.[0] ?? ''}`;
  } catch (error) {
    if (errorCodeOf(error) !== undefined) return '';
    throw error;
  }
}

/** Signal 0 is sent to nobody: kill(2). EPERM says that there is one, of somebody else. */
function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return errorCodeOf(error) !== 'ESRCH';
  }
}
