/** One `dstream` process: its lines out, its log, its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { delimiter, dirname } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';

/** Started as a person starts it, by its own first line: that holds Node's flags. The Node is the one that runs this. */
const program = fileURLToPath(new URL('../../dstream/bin/dstream.mjs', import.meta.url));

export interface ChildOptions {
  /** As a person would type them after `dstream`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Every line on its standard output. */
  readonly onLine: (line: string) => void;
  /** Every line on its standard error. */
  readonly onLog: (line: string) => void;
}

export class Child {
  readonly #process: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor({ args, env, onLine, onLog }: ChildOptions) {
    // A process group of its own: Ctrl-C in the terminal reaches the playground only, which stops in good order.
    this.#process = spawn(program, args, {
      env: { ...env, PATH: `${dirname(process.execPath)}${delimiter}${env['PATH'] ?? ''}` },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    this.#ended = ended(this.#process, [
      lines(this.#process.stdout, onLine),
      lines(this.#process.stderr, onLog),
    ]);
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Resolves with the exit code when it has ended and all its output was seen; null after a kill. */
  get ended(): Promise<number | null> {
    return this.#ended;
  }

  signal(name: 'SIGTERM' | 'SIGINT' | 'SIGKILL'): void {
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
