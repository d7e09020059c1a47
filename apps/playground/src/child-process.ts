/** One `dstream` process of the playground: its lines out, its log, its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Readable } from 'node:stream';

const program = fileURLToPath(import.meta.resolve('../../dstream/src/main.ts'));

export interface ChildOptions {
  readonly command: 'ingester' | 'processor';
  readonly instance: string;
  readonly config: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every line on its standard output. */
  readonly onLine: (line: string) => void;
  /** Every line of its log. */
  readonly onLog: (line: string) => void;
}

export class Child {
  readonly name: string;
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(options: ChildOptions) {
    this.name = options.instance;
    const args = [program, options.command, '--config', options.config, '--instance', options.instance];
    // A process group of its own: Ctrl-C in the terminal reaches the playground only, which stops in good order.
    this.#process = spawn(process.execPath, [...args, '--log-format', 'json'], {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#ended = ended(this.#process, [
      lines(this.#process.stdout, options.onLine),
      lines(this.#process.stderr, options.onLog),
    ]);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with the exit code when it has ended and all its output was seen; null after a kill. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  signal(name: 'SIGTERM' | 'SIGKILL'): void {
    this.#process.kill(name);
  }
}

async function ended(process: ChildProcess, outputs: readonly Promise<void>[]): Promise<number | null> {
  const [code] = (await once(process, 'exit')) as [number | null];
  await Promise.all(outputs);
  return code;
}

async function lines(stream: Readable | null, onLine: (line: string) => void): Promise<void> {
  if (stream === null) return;
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) onLine(line);
}
