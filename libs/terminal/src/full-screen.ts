/**
 * The whole terminal as a picture that is drawn repeatedly. Entered → drawn … → left (what was there before is
 * restored). Only lines that have changed are written, so nothing flickers; what is not taken by a slow
 * terminal is skipped, not queued.
 */
import { writeSync } from 'node:fs';
import type { Writable } from 'node:stream';
import { fitLine } from './cell-width.ts';

/** In character cells. */
export interface Size {
  readonly columns: number;
  readonly rows: number;
}

/** Where the picture is shown. */
export interface FullScreenOptions {
  readonly out: Writable;
  /** The current size of the terminal. */
  readonly size: () => Size;
  /** Restores the terminal at the exit of the process, if `leave` was not called. */
  readonly atExit?: (text: string) => void;
}

/** The other screen of the terminal, no cursor, no wrapping (xterm, "Control Sequences": modes 1049, 25, 7). */
const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';
/** A terminal that knows mode 2026 shows what is between the two at once; others ignore them. */
const [begin, end] = ['\u001b[?2026h', '\u001b[?2026l'];

function writeAtExit(text: string): void {
  try {
    writeSync(1, text);
  } catch {
    // The terminal is gone: there is nothing to restore.
  }
}

/** One picture on the whole terminal. `leave` must be called at the end, also after an error: it restores what was there before. */
export class FullScreen {
  readonly #options: FullScreenOptions;
  readonly #atExit: () => void;
  /** What is on the terminal, by line. */
  #drawn: readonly string[] = [];
  #size: Size;
  #writing = false;
  #next: readonly string[] | undefined;
  #left: Promise<void> | undefined;

  constructor(options: FullScreenOptions) {
    this.#options = options;
    this.#size = options.size();
    const { atExit = writeAtExit } = options;
    this.#atExit = () => atExit(leave);
    process.on('exit', this.#atExit);
    options.out.write(enter);
  }

  get size(): Size {
    return this.#options.size();
  }

  /** Shows these lines, from the top; what is beyond the terminal is not shown. */
  draw(lines: readonly string[]): void {
    if (this.#left !== undefined) return;
    this.#next = lines;
    if (!this.#writing) this.#write();
  }

  /** The next picture is written whole: something else may have written over this one. */
  invalidate(): void {
    this.#drawn = [];
    this.#size = { columns: 0, rows: 0 };
  }

  #write(): void {
    const lines = this.#next;
    this.#next = undefined;
    if (lines === undefined || this.#left !== undefined) return;
    const text = this.#difference(lines);
    if (text === '') return;
    this.#writing = true;
    this.#options.out.write(`${begin}${text}${end}`, () => {
      this.#writing = false;
      this.#write();
    });
  }

  #difference(lines: readonly string[]): string {
    const size = this.#options.size();
    const { columns, rows } = size;
    const fresh = columns !== this.#size.columns || rows !== this.#size.rows;
    const before = fresh ? [] : this.#drawn;
    const after = Array.from({ length: rows }, (_, n) => fitLine(lines[n] ?? '', columns));
    this.#drawn = after;
    this.#size = size;
    const changed = after.map((line, n) =>
      line === (before[n] ?? '') ? '' : `\u001b[${n + 1};1H\u001b[2K${line}`,
    );
    return `${fresh ? '\u001b[2J' : ''}${changed.join('')}`;
  }

  /** Resolves when the terminal is as it was, or is gone. Twice is harmless. */
  leave(): Promise<void> {
    this.#left ??= written(this.#options.out, leave).then(() => {
      process.off('exit', this.#atExit);
    });
    return this.#left;
  }
}

/**
 * Resolves when the text is out, when it never will be (the stream's `error` event has the reason), or when `hurry` aborts.
 * A stream that is not destroyed by its error, such as one over a descriptor of somebody else, takes later writes and
 * never calls back: that is why its error is looked at too.
 */
export function written(stream: Writable, text: string, hurry?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('error', done);
      hurry?.removeEventListener('abort', done);
      resolve();
    };
    if (stream.errored !== null) {
      done();
      return;
    }
    stream.once('error', done);
    stream.write(text, done);
    if (hurry?.aborted === true) done();
    else hurry?.addEventListener('abort', done, { once: true });
  });
}
