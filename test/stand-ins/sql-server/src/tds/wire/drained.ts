import type { Writable } from 'node:stream';

/**
 * Waits until the stream takes more, is closed, or the signal aborts; resolves in each case: the caller looks at
 * the stream and the signal itself. Leaves no listener.
 */
export function drained(stream: Writable, signal: AbortSignal): Promise<void> {
  if (!stream.writableNeedDrain || stream.destroyed || signal.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const finish = (): void => {
      stream.off('drain', finish);
      stream.off('close', finish);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    stream.on('drain', finish);
    stream.on('close', finish);
    signal.addEventListener('abort', finish, { once: true });
  });
}
