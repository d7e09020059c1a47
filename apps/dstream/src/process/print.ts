/** Printing the answer of a command to standard output. */
import { DStreamError } from '@dstream/core';

/**
 * Resolves when the text is written, so that nothing is left in a pipe at the exit: with false when the reader is gone (a pipe
 * to `head`), which is no failure. Rejects when the text is lost for another reason, such as a full disk.
 */
export function print(text: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const failed = (error: Error) => {
      if (isReaderGone(error)) resolve(false);
      else reject(notWritten(error));
    };
    // It stays after a failure: the error is emitted after it was given to the callback.
    process.stdout.on('error', failed);
    process.stdout.write(text, (error) => {
      if (error) return failed(error);
      process.stdout.off('error', failed);
      resolve(true);
    });
  });
}

/** True for the error of a pipe or terminal that was closed at its other end. */
export function isReaderGone(error: NodeJS.ErrnoException): boolean {
  return error.code === 'EPIPE' || error.code === 'EIO';
}

/** The error for a write to standard output that failed for another reason than a reader that is gone. */
export function notWritten(error: NodeJS.ErrnoException): DStreamError {
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const why = isFull ? 'the disk is full: free some space' : (error.code ?? error.message);
  const text = `could not write to standard output: ${why}`;
  return new DStreamError(isFull ? 'DiskFull' : 'Transient', text, { cause: error });
}
