/** Our side: the real `dstream` program on a configuration file of its own. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { until } from '../support/until.ts';

export const launcher = fileURLToPath(new URL('../../apps/dstream/bin/dstream', import.meta.url));

export interface ProgramOptions {
  readonly command: 'ingester' | 'processor';
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

/** Started as a person starts it, its standard output going nowhere: `/dev/null`. */
export class DStreamProgram implements AsyncDisposable {
  /** By the wall clock, as its log has it. */
  readonly startedAtMs: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #logs: string[] = [];

  private constructor(child: ChildProcess, folder: string, startedAtMs: number) {
    this.startedAtMs = startedAtMs;
    this.#child = child;
    this.#folder = folder;
    if (child.stderr !== null) createInterface(child.stderr).on('line', (line) => this.#logs.push(line));
  }

  static async start({ command, config, env }: ProgramOptions): Promise<DStreamProgram> {
    const folder = await mkdtemp(join(tmpdir(), 'dstream-bench-'));
    const file = join(folder, 'dstream.hcl');
    await writeFile(file, config);
    const startedAtMs = Date.now();
    const child = spawn(launcher, [command, '--config', file, '--log-format', 'json'], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    return new DStreamProgram(child, folder, startedAtMs);
  }

  get pid(): number {
    const { pid } = this.#child;
    if (pid === undefined) throw new Error('the process did not start');
    return pid;
  }

  /** What it says of itself at `/status`. */
  async status<T>(): Promise<T> {
    const { http } = JSON.parse(await this.logged('listening')) as { http: string };
    return (await fetch(`${http}/status`)).json() as Promise<T>;
  }

  /** The first line of its log with that text. */
  logged(text: string): Promise<string> {
    const look = () => {
      if (this.#child.exitCode !== null) throw new Error(`it ended: ${this.#lastWords()}`);
      return this.#logs.find((line) => line.includes(text));
    };
    return until(look, () => `its log says "${text}"; it said:\n${this.#lastWords()}`);
  }

  #lastWords(): string {
    return this.#logs.slice(-20).join('\n');
  }

  /** Stops it as an operator does. Throws when that is not clean, or when it had something to complain about. */
  async [Symbol.asyncDispose](): Promise<void> {
    const gone = once(this.#child, 'exit') as Promise<[number | null]>;
    this.#child.kill('SIGTERM');
    const [code] = await gone;
    await rm(this.#folder, { recursive: true });
    if (code !== 0) throw new Error(`dstream ended with ${code}:\n${this.#lastWords()}`);
  }
}
