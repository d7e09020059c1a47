/** Descriptor 1 as a stream that never stops the event loop, whatever it is connected to. */
import { createWriteStream, fstatSync } from 'node:fs';
import { Socket } from 'node:net';
import type { Writable } from 'node:stream';
import { isatty } from 'node:tty';

export interface StandardOutput {
  readonly stream: Writable;
  readonly terminal: boolean;
  /** True while a write hangs in a thread: `process.exit` would wait for it. */
  isBlocked(): boolean;
}

let opened: StandardOutput | undefined;

/**
 * One for the process: two would mix their lines. It is never closed.
 *
 * Pipes and sockets are written by the event loop, because they may be in non-blocking mode (those of a process that
 * Node started are), where a plain write fails with EAGAIN. Files and terminals are written by a thread.
 * `process.stdout` would write both synchronously (Node's documentation, "A note on process I/O").
 */
export function standardOutput(): StandardOutput {
  opened ??= open(1);
  return opened;
}

function open(fd: number): StandardOutput {
  const stat = fstatSync(fd);
  if (stat.isFIFO() || stat.isSocket()) {
    const stream = new Socket({ fd, readable: false, writable: true });
    return { stream, terminal: false, isBlocked: () => false };
  }
  const stream = createWriteStream('', { fd, autoClose: false });
  return { stream, terminal: isatty(fd), isBlocked: () => stream.writableLength > 0 };
}
