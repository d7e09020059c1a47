/**
 * The `dstream` processes of the playground. Running → failed (one ended by itself: `failed` aborts with the reason) or
 * stopping (it is wanted: they drain; after the grace they are killed) → ended.
 */
import { decodeEnvelope, DStreamError, type Clock, type StampedEvent } from '@dstream/core';
import { withAny } from '@dstream/runtime';
import { Child } from './child-process.ts';
import { complaintOf } from './log-line.ts';

export interface ReplicasOptions {
  readonly clock: Clock;
  /** Path of the HCL file. */
  readonly config: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onChange: (event: StampedEvent, line: string) => Promise<void>;
  /** Warnings and worse of the processes, and their start, for a person. */
  readonly say: (text: string) => void;
}

interface Replica {
  readonly child: Child;
  readonly ended: Promise<void>;
}

export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #failed = new AbortController();
  readonly #replicas: readonly Replica[];
  #stopping = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    this.#replicas = (['ingester', 'processor'] as const).flatMap((command) =>
      [1, 2].map((n) => this.#start(command, `${command}-${n}`)),
    );
  }

  /** Aborts when a process has ended that nobody stopped; the reason says which and its last words. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** Lets them finish, at most for `graceMs`; kills what is left then, or at once when `abort` aborts. */
  async stop(graceMs: number, abort: AbortSignal): Promise<void> {
    this.#stopping = true;
    for (const { child } of this.#replicas) child.signal('SIGTERM');
    const all = new AbortController();
    const kill = () => this.#replicas.forEach(({ child }) => child.signal('SIGKILL'));
    const killing = withAny([abort, all.signal], async (signal) => {
      await this.#options.clock.sleep(graceMs, signal).catch(() => undefined);
      if (!all.signal.aborted) kill();
    });
    await Promise.all(this.#replicas.map(({ ended }) => ended));
    all.abort();
    await killing;
  }

  #start(command: 'ingester' | 'processor', instance: string): Replica {
    const { config, env, say } = this.#options;
    say(`starting dstream ${command} --config config/playground.hcl --instance ${instance}`);
    let lastWords: string | undefined;
    const child = new Child({
      args: [command, '--config', config, '--instance', instance, '--log-format', 'json'],
      env,
      onLine: (line) => this.#arrived(instance, line),
      onLog: (line) => {
        const complaint = complaintOf(line);
        if (complaint === undefined) return;
        lastWords = complaint;
        if (!this.#stopping) say(`${instance}: ${complaint}`);
      },
    });
    return { child, ended: this.#watch(instance, child, () => lastWords) };
  }

  /** Never rejects. */
  async #watch(instance: string, child: Child, lastWords: () => string | undefined): Promise<void> {
    let how: string;
    try {
      const code = await child.ended;
      how = code === null ? 'was killed by something else' : `ended by itself with exit code ${code}`;
    } catch (error) {
      how = `could not run: ${error instanceof Error ? error.message : String(error)}`;
    }
    if (this.#stopping) return;
    this.#stopping = true;
    const words = lastWords();
    const text = `${instance} ${how}${words === undefined ? '' : `; it said: ${words}`}`;
    this.#failed.abort(new DStreamError('Unexpected', text));
  }

  /** A process that is killed may tear its last line: that change was not settled and comes again. */
  async #arrived(instance: string, line: string): Promise<void> {
    let event: StampedEvent;
    try {
      event = decodeEnvelope(line);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      if (!this.#stopping) this.#options.say(`${instance}: a line of ${line.length} characters: ${why}`);
      return;
    }
    await this.#options.onChange(event, line);
  }
}

/** Runs `work` until it is done or a process fails; throws the failure then. */
export async function whileRunning<T>(
  replicas: Replicas,
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const result = await withAny([...signals, replicas.failed], work);
  replicas.failed.throwIfAborted();
  return result;
}
