/** One `dstream` process: its standard output line by line, its log, its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Started as a person starts it, by its launcher: that finds Node.js and holds its flags. */
const launcher = fileURLToPath(new URL('../../dstream/bin/dstream', import.meta.url));

/** What to start, and who gets its lines. */
export interface ChildOptions {
  /** Default: the launcher of this workspace. */
  readonly program?: string;
  /** As a person would type them after `dstream`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every line on its standard output; the next one is read when it has resolved. A killed process may tear its last. */
  readonly onLine: (line: string) => void | Promise<void>;
  /** Every line on its standard error. */
  readonly onLog: (line: string) => void;
}

/** Starts when it is constructed. It does not outlive this process. */
export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor({ program = launcher, args, env, onLine, onLog }: ChildOptions) {
    // A process group of its own: Ctrl-C in the terminal reaches the playground only, which stops in good order.
    this.#process = spawn(program, args, {
      env: { ...env, DSTREAM_PARENT: String(process.pid) },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#ended = ended(this.#process, [
      eachLine(this.#process.stdout, onLine),
      eachLine(this.#process.stderr, onLog),
    ]);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with the exit code when it has ended and all its output was seen; null after a kill. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  signal(name: NodeJS.Signals): void {
    this.#process.kill(name);
  }
}

/** The child does not outlive this process: it is killed with it, and drains by itself after a SIGKILL (DSTREAM_PARENT). */
async function ended(child: ChildProcess, outputs: readonly Promise<void>[]): Promise<number | null> {
  const kill = () => void child.kill('SIGKILL');
  process.on('exit', kill);
  try {
    const [[code]] = await Promise.all([once(child, 'exit') as Promise<[number | null]>, ...outputs]);
    return code;
  } finally {
    process.off('exit', kill);
  }
}

/**
 * Calls `onLine` with every line of UTF-8 text, one after the other; text after the last line feed is the last
 * line. Only a line feed ends a line: Node's readline also splits at U+2028 and U+2029, which JSON leaves as they are.
 */
export async function eachLine(
  stream: Readable | null,
  onLine: (line: string) => void | Promise<void>,
): Promise<void> {
  if (stream === null) return;
  stream.setEncoding('utf8');
  let rest = '';
  for await (const chunk of stream as AsyncIterable<string>) {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    for (const line of parts) await onLine(line);
  }
  if (rest !== '') await onLine(rest);
}

/** What a line of a `dstream` log means to a person; undefined below a warning. */
export function complaintOf(line: string): string | undefined {
  const entry = parsed(line);
  if (entry === undefined) return line.trim() === '' ? undefined : line;
  const { level, msg, reason, error } = entry;
  if (level !== 'warn' && level !== 'error' && level !== 'fatal') return undefined;
  const detail = [reason, error].find((text) => typeof text === 'string');
  const sentence = typeof msg === 'string' ? msg : line;
  return detail === undefined ? sentence : `${sentence} (${detail})`;
}

/** The address of the status, in the log line that has it. */
export function addressIn(line: string): string | undefined {
  const http = parsed(line)?.['http'];
  return typeof http === 'string' ? http : undefined;
}

function parsed(line: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const entry: unknown = JSON.parse(line);
    return typeof entry === 'object' && entry !== null ? { ...entry } : undefined;
  } catch {
    return undefined;
  }
}
