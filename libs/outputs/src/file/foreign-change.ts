/** What another program did to a file that this process has open, and what of it was lost. */
import type { Log } from '@dstream/core';
import type { FileSystem, OpenFile } from './file-system.ts';

export interface ForeignChange {
  readonly what: 'removed' | 'renamed' | 'truncated' | 'written to';
  /** Of the file now. */
  readonly sizeBytes: number;
}

/**
 * Undefined when the path names this file and it has the expected size. The time between two looks is the time in which a
 * change goes unnoticed, so there is one before each write and one after its sync.
 * @param size what it may be: of a file that a failed write has left the end is not known
 */
export async function foreignChange(
  { files, path }: { readonly files: FileSystem; readonly path: string },
  handle: OpenFile,
  size: { readonly min: number; readonly max: number },
): Promise<ForeignChange | undefined> {
  const [there, { identity, sizeBytes, links }] = await Promise.all([files.look(path), handle.status()]);
  if (there?.identity !== identity) return { what: links === 0 ? 'removed' : 'renamed', sizeBytes };
  if (sizeBytes < size.min) return { what: 'truncated', sizeBytes };
  return sizeBytes > size.max ? { what: 'written to', sizeBytes } : undefined;
}

export interface Acknowledged {
  /** Length of what was acknowledged. */
  readonly sizeBytes: number;
  /** Behind it: is written again. */
  readonly unacknowledgedBytes: number;
  /** When the file was begun, and when the last of it was acknowledged: wall clock. */
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** At error, with the range, when acknowledged changes are gone: nobody else knows, and they do not come again. */
export function reportForeignChange(
  log: Log,
  path: string,
  { what, sizeBytes }: ForeignChange,
  acknowledged: Acknowledged,
): void {
  if (what === 'renamed') {
    log.warn('the file was renamed by another program; it keeps its lines, and a new one is begun', { path });
    return;
  }
  if (what === 'written to') {
    log.warn('another program writes to the file; give each its own', { path });
    return;
  }
  const keptBytes = what === 'removed' ? 0 : Math.max(0, sizeBytes - acknowledged.unacknowledgedBytes);
  const lost = { path, fromByte: keptBytes, toByte: acknowledged.sizeBytes, ...timesOf(acknowledged) };
  if (keptBytes < acknowledged.sizeBytes) {
    log.error(`acknowledged changes are gone: the file was ${what} by another program`, lost);
  } else {
    log.warn(`the file was ${what} by another program; a new one is begun`, { path });
  }
}

function timesOf({ sinceMs, untilMs }: Acknowledged): Readonly<Record<string, string>> {
  const since = { beganAt: new Date(sinceMs).toISOString() };
  // Not known of a file that an earlier process has written.
  return untilMs === 0 ? since : { ...since, acknowledgedUntil: new Date(untilMs).toISOString() };
}
