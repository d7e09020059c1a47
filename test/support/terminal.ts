/** A program in a terminal of a given size, and what stands on it. Needs the command `script` of util-linux. */
import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { textWidth } from '@dstream/terminal';
import { until } from './until.ts';

/** It gives a program a terminal; `-e` makes its exit code the program's. */
export function hasTerminal(): boolean {
  return spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;
}

export interface TerminalOptions {
  readonly columns: number;
  readonly rows: number;
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export class Terminal implements AsyncDisposable {
  /** Everything it has written. */
  text = '';
  readonly #script: ChildProcessByStdio<Writable, Readable, null>;
  readonly #picture: Picture;
  readonly #ended: Promise<number | null>;

  /** `afterwards` is a command of the shell that runs when the program has ended, in the same terminal. */
  constructor(command: readonly string[], { columns, rows, env = {} }: TerminalOptions, afterwards = '') {
    const program = command.map((part) => `'${part.replaceAll("'", String.raw`'\''`)}'`).join(' ');
    const after = afterwards === '' ? '' : `; code=$?; ${afterwards}; exit $code`;
    const line = `stty cols ${columns} rows ${rows}; ${after === '' ? 'exec ' : ''}${program}${after}`;
    this.#picture = new Picture(rows);
    this.#script = spawn('script', ['-qec', line, '/dev/null'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...process.env, TERM: 'xterm-256color', ...env },
    });
    this.#script.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      this.text += chunk;
      this.#picture.write(chunk);
    });
    this.#ended = once(this.#script, 'close').then(([code]) => code as number | null);
  }

  get pid(): number | undefined {
    return this.#script.pid;
  }

  /** The lines that stand on it now, without colours. */
  get lines(): readonly string[] {
    return this.#picture.lines();
  }

  /** The exit code. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  press(keys: string): void {
    this.#script.stdin.write(keys);
  }

  /** Resolves with what `look` finds on it. */
  shows<T>(
    look: (lines: readonly string[]) => T | undefined | false,
    what: string,
    withinMs?: number,
  ): Promise<T> {
    return until(
      () => look(this.lines),
      () => `${what}; it shows:\n${this.lines.join('\n')}`,
      withinMs,
    );
  }

  /** As closing the window: nobody is there any more to read or write. */
  close(): void {
    this.#script.kill('SIGKILL');
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.close();
    return this.#ended.then(() => undefined);
  }
}

// oxlint-disable no-control-regex -- escape sequences are what is looked for
const unfinished = /\u001b(?:\[[\d;?]*)?$/;
const pieces = /\u001b\[[\d;?]*[A-Za-z]|\r|\n|[^\u001b\r\n]+/g;
const toLine = /^\u001b\[(\d+);1H$/;
// oxlint-enable no-control-regex

/** As much of a terminal as our programs use: cursor to a line, erasing, line feeds, colours. */
class Picture {
  readonly #lines: string[];
  #row = 0;
  #rest = '';

  constructor(rows: number) {
    this.#lines = Array.from({ length: rows }, () => '');
  }

  lines(): readonly string[] {
    return this.#lines.map((line) => line.trimEnd());
  }

  write(chunk: string): void {
    const text = this.#rest + chunk;
    // A sequence that has come in part waits for the rest of it.
    const cut = unfinished.exec(text)?.index ?? text.length;
    this.#rest = text.slice(cut);
    for (const piece of text.slice(0, cut).match(pieces) ?? []) this.#take(piece);
  }

  #take(piece: string): void {
    const moved = toLine.exec(piece);
    if (moved) this.#row = Number(moved[1]) - 1;
    else if (piece === '\u001b[2K') this.#lines[this.#row] = '';
    else if (piece === '\u001b[2J' || piece === '\u001b[?1049h' || piece === '\u001b[?1049l')
      this.#lines.fill('');
    else if (piece === '\n') this.#feed();
    else if (!piece.startsWith('\u001b') && piece !== '\r') this.#lines[this.#row] += piece;
  }

  #feed(): void {
    if (this.#row < this.#lines.length - 1) this.#row += 1;
    else this.#lines.push(...this.#lines.splice(0, 1).map(() => ''));
  }
}

/** The widest line, in columns. */
export function widest(lines: readonly string[]): number {
  return Math.max(...lines.map(textWidth));
}
