/**
 * Standard error for log lines: writing one never fails and never blocks. Lines that the reader does not take wait, up to
 * a megabyte; further lines are dropped and counted. When the reader has gone, only the lines are lost.
 */
import { createWriteStream, fstatSync, writeSync } from 'node:fs';
import { isatty } from 'node:tty';

/** Writes a text and calls back when it is written, or with the error. */
type Put = (text: string, done: (error?: Error | null) => void) => void;

/** Characters that may wait to be written. */
export const maxWaitingCharacters = 1_048_576;

/** A queue of lines before a reader that may be slow. */
export class LogOutput {
  readonly #put: Put;
  #waiting = 0;
  #dropped = 0;
  #idle = Promise.withResolvers<void>();
  #onDropped: (lines: number) => void = () => undefined;

  constructor(put: Put) {
    this.#put = put;
    this.#idle.resolve();
  }

  /** `report` is called when lines are taken again, with how many were dropped before. */
  onDropped(report: (lines: number) => void): void {
    this.#onDropped = report;
  }

  /** True while a line was not taken yet. */
  get isBlocked(): boolean {
    return this.#waiting > 0;
  }

  /** Resolves when every line was taken, or failed. */
  get idle(): Promise<void> {
    return this.#idle.promise;
  }

  write(text: string): void {
    if (this.#waiting > 0 && this.#waiting + text.length > maxWaitingCharacters) {
      this.#dropped += 1;
      return;
    }
    if (this.#waiting === 0) this.#idle = Promise.withResolvers();
    this.#waiting += text.length;
    this.#put(text, (error) => this.#done(text, error));
  }

  #done(text: string, error: Error | null | undefined): void {
    this.#waiting -= text.length;
    if (this.#waiting === 0) this.#idle.resolve();
    if (error) this.#dropped += 1;
    else if (this.#dropped > 0 && this.#waiting === 0) this.#report();
  }

  #report(): void {
    const lines = this.#dropped;
    this.#dropped = 0;
    this.#onDropped(lines);
  }
}

let opened: LogOutput | undefined;

/** The one of the process: two would mix their lines. It is never closed. */
export function standardErrorLog(): LogOutput {
  opened ??= new LogOutput(putTo(2));
  return opened;
}

/**
 * Pipes and sockets are written by the event loop; a terminal, which Ctrl-S stops, by a thread. A file accepts a line at
 * once or fails: then only that line is lost, and a disk that has space again accepts the next.
 */
function putTo(fd: 2): Put {
  const stat = fstatSync(fd);
  if (!stat.isFIFO() && !stat.isSocket() && !isatty(fd)) return putNow(fd);
  const stream = isatty(fd) ? createWriteStream('', { fd, autoClose: false }) : process.stderr;
  stream.on('error', () => undefined);
  return (text, done) => stream.write(text, done);
}

function putNow(fd: number): Put {
  return (text, done) => {
    try {
      writeSync(fd, text);
      done();
    } catch (error) {
      done(error as Error);
    }
  };
}
