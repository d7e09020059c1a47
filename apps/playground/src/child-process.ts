/** One `dstream` process: its lines out, its log, its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { eachLine } from './each-line.ts';

/** Started as a person starts it, by its launcher: that finds Node.js and holds its flags. */
const program = fileURLToPath(new URL('../../dstream/bin/dstream', import.meta.url));

export interface ChildOptions {
  /** As a person would type them after `dstream`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every line on its standard output; the next one is read when it has resolved. A killed process may tear its last. */
  readonly onLine: (line: string) => void | Promise<void>;
  /** Every line on its standard error. */
  readonly onLog: (line: string) => void;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor({ args, env, onLine, onLog }: ChildOptions) {
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
