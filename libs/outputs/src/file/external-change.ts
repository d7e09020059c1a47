/** What another program did to a file that this process has open, and what was lost by it. */
import type { Log } from '@dstream/core';
import type { FileSystem, OpenFile } from './file-system.ts';

/** A change to the file that was not ours. */
export interface ExternalChange {
  readonly what: 'removed' | 'renamed' | 'truncated' | 'written to';
  /** Size of the file now. */
  readonly sizeBytes: number;
}

/**
 * Undefined when the path still names this file and its size is as expected. A change is noticed at the next call only,
 * so there is one before each write and one after its sync.
 * @param size the possible sizes: after a failed write the end of the file is not known
 */
export async function findExternalChange(
  { files, path }: { readonly files: FileSystem; readonly path: string },
  handle: OpenFile,
  size: { readonly min: number; readonly max: number },
): Promise<ExternalChange | undefined> {
  const [named, { identity, sizeBytes, links }] = await Promise.all([files.stat(path), handle.status()]);
  if (named?.identity !== identity) return { what: links === 0 ? 'removed' : 'renamed', sizeBytes };
  if (sizeBytes < size.min) return { what: 'truncated', sizeBytes };
  return sizeBytes > size.max ? { what: 'written to', sizeBytes } : undefined;
}

/** The part of the file that was acknowledged. */
interface Acknowledged {
  /** Length of the acknowledged lines, from the start of the file. */
  readonly sizeBytes: number;
  /** Bytes after them, which are written again. */
  readonly unacknowledgedBytes: number;
  /** When the file was started, and when its last line was acknowledged: wall clock. 0: not known. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/**
 * Logs a change: at `error`, with the range of bytes and time, when acknowledged changes are lost, because the broker has
 * forgotten them and no later run delivers them again.
 */
export function reportExternalChange(
  log: Log,
  path: string,
  { what, sizeBytes }: ExternalChange,
  acknowledged: Acknowledged,
): void {
  if (what === 'written to') {
    log.warn('another program writes to the file; give each program a path of its own', { path });
    return;
  }
  const lostFrom = { renamed: Infinity, removed: 0, truncated: sizeBytes - acknowledged.unacknowledgedBytes };
  const fromByte = Math.max(0, lostFrom[what]);
  if (fromByte >= acknowledged.sizeBytes) {
    log.warn('another program changed the file; starting a new one', { change: what, path });
  } else {
    const lost = { fromByte, toByte: acknowledged.sizeBytes, ...timesOf(acknowledged) };
    log.error('another program changed the file: acknowledged changes are lost', {
      change: what,
      path,
      ...lost,
    });
  }
}

function timesOf({ sinceMs, untilMs }: Acknowledged): Readonly<Record<string, string>> {
  const since = { beganAt: new Date(sinceMs).toISOString() };
  // Not known of a file that an earlier process wrote.
  return untilMs === 0 ? since : { ...since, acknowledgedUntil: new Date(untilMs).toISOString() };
}
