/** A container of the image under test, started as a deployment starts it: read-only, without capabilities. */
import { randomUUID } from 'node:crypto';
import { unlessAborted } from '@dstream/async';
import { Child } from '../../apps/playground/src/child-process.ts';
import { until } from '../support/until.ts';
import { ask, type Engine } from './engine.ts';

/** The image under test. */
export interface Image {
  readonly engine: Engine;
  readonly tag: string;
}

/** What a check gets. */
export interface Setting extends Image {
  /** The commit it was built from. */
  readonly revision: string;
  /** A folder for files of checks. */
  readonly folder: string;
}

export interface ContainerOptions {
  /** Flags of `run`: network, volumes, another entry point. */
  readonly flags?: readonly string[];
  /** What comes after the image. */
  readonly args: readonly string[];
  /** Environment of the container. */
  readonly env?: Readonly<Record<string, string>>;
  /** Every line on its standard output. */
  readonly onLine?: (line: string) => void;
}

const hardened = [
  '--rm',
  '--read-only',
  '--cap-drop=ALL',
  '--security-opt=no-new-privileges',
  '--no-healthcheck',
];

/** Where a configuration file is in the container. */
export const configFile = '/etc/dstream/dstream.hcl';

/** A command for the shell in a container, about `$pid`: the process that tini has started. */
export const aboutService = (command: string): readonly string[] => [
  'sh',
  '-c',
  `read -r pid </proc/1/task/1/children; ${command}`,
];

/** Flags that put a file of this machine there. */
export const withConfig = (file: string): readonly string[] => ['--volume', `${file}:${configFile}:ro,z`];

/** Starts when it is constructed. Removed when it is disposed of, whatever it does then. */
export class Container implements AsyncDisposable {
  readonly logs: string[] = [];
  readonly lines: string[] = [];
  readonly #name = `dstream-image-${randomUUID()}`;
  readonly #engine: Engine;
  readonly #signal: AbortSignal;
  readonly #child: Child;

  /** @param signal ends every wait for it */
  constructor({ engine, tag }: Image, options: ContainerOptions, signal: AbortSignal) {
    const { flags = [], args, env = {}, onLine = (line: string) => void this.lines.push(line) } = options;
    this.#engine = engine;
    this.#signal = signal;
    const [program, ...first] = engine.command;
    const variables = Object.keys(env).flatMap((name) => ['--env', name]);
    const run = ['run', '--name', this.#name, ...hardened, ...engine.runFlags, ...variables, ...flags];
    this.#child = new Child({
      program,
      args: [...first, ...run, tag, ...args],
      env: { ...process.env, ...env },
      onLine,
      onLog: (line) => this.logs.push(line),
    });
  }

  /** Its exit code, when it has ended and all its output was seen. */
  get ended(): Promise<number | null> {
    return unlessAborted(this.#child.ended, this.#signal);
  }

  /** Runs a command in it. Rejects when that fails. */
  exec(command: readonly string[]): Promise<readonly string[]> {
    return ask(this.#engine, ['exec', this.#name, ...command], this.#signal);
  }

  /** Sends SIGTERM to its process 1. Rejects when it does not exit with 0. */
  async stop(): Promise<void> {
    await ask(this.#engine, ['kill', '--signal', 'TERM', this.#name], this.#signal);
    const code = await this.ended;
    if (code !== 0) throw new Error(`it exited with ${code}: ${this.logs.slice(-10).join('\n')}`);
  }

  /** Resolves when the log has a line with `text`. */
  async logged(text: string): Promise<void> {
    await until(
      () => this.logs.some((line) => line.includes(text)),
      () => `the log says "${text}"; it said:\n${this.logs.slice(-20).join('\n')}`,
      60_000,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const signal = AbortSignal.timeout(30_000);
    // It may be gone.
    await ask(this.#engine, ['rm', '--force', this.#name], signal).catch(() => undefined);
    await unlessAborted(this.#child.ended, signal);
  }
}

/** Runs a container to its end. Rejects with what it said when it exits other than 0. */
export async function runToEnd(
  image: Image,
  options: ContainerOptions,
  signal: AbortSignal,
): Promise<readonly string[]> {
  await using container = new Container(image, options, signal);
  const code = await container.ended;
  if (code !== 0)
    throw new Error(`${options.args.join(' ')} exited with ${code}: ${container.logs.join('\n')}`);
  return container.lines;
}
