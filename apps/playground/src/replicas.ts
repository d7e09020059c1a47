/**
 * The `dstream` processes of the playground. Starting → running (it reports the address of its status) → killed (on purpose,
 * the others continue) or stopping (it is wanted: they drain; after the grace they are killed) → ended. One that ends by
 * itself fails the playground: `failed` aborts with the reason.
 */
import { decodeEnvelope, DStreamError, type Clock, type StampedEvent } from '@dstream/core';
import { pause, withAny } from '@dstream/async';
import { formatDuration } from '@dstream/status';
import { addressIn, Child, complaintOf } from './child-process.ts';

/** What the processes get, and where messages go. */
export interface ReplicasOptions {
  readonly clock: Clock;
  /** Path of the HCL file. */
  readonly config: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onChange: (event: StampedEvent, line: string) => Promise<void>;
  /** Warnings and worse of the processes, and their start, for a person. */
  readonly say: (text: string) => void;
}

type Command = 'ingester' | 'processor';

/** One process at one moment. */
export interface ReplicaState {
  readonly instance: string;
  readonly command: Command;
  readonly state: 'starting' | 'running' | 'killed' | 'stopping';
  readonly pid: number | undefined;
  /** Where its status is, while it runs. */
  readonly address: string | undefined;
}

/** With what it does, in a few words. */
export interface ProcessView extends ReplicaState {
  readonly does: string;
}

interface Replica {
  readonly instance: string;
  readonly command: Command;
  readonly child: Child;
  readonly ended: Promise<void>;
  readonly startedMs: number;
  address: string | undefined;
  killed: boolean;
}

/** Ingesters that run at a time, at most: each uses some 100 MB. */
const maxIngesters = 5;

/** The `dstream` processes: starts, kills and stops them. A process that ends by itself is a failure. */
export class Replicas {
  readonly #options: ReplicasOptions;
  readonly #failed = new AbortController();
  readonly #replicas: Replica[] = [];
  #stopping = false;

  constructor(options: ReplicasOptions) {
    this.#options = options;
    for (const command of ['ingester', 'processor'] as const) for (const _ of [1, 2]) this.#start(command);
  }

  /** Aborts when a process ended that was not stopped; the reason has its name and its last log line. */
  get failed(): AbortSignal {
    return this.#failed.signal;
  }

  /** In the order of their start, ingesters first. */
  get states(): readonly ReplicaState[] {
    const ingestersFirst = [...this.#replicas].sort((a, b) =>
      a.command < b.command ? -1 : a.command > b.command ? 1 : 0,
    );
    return ingestersFirst.map((replica) => {
      const { instance, command, child, address } = replica;
      const state = this.#stateOf(replica);
      return { instance, command, state, pid: child.pid, address: state === 'running' ? address : undefined };
    });
  }

  #stateOf({ killed, address }: Replica): ReplicaState['state'] {
    if (killed) return 'killed';
    if (this.#stopping) return 'stopping';
    return address === undefined ? 'starting' : 'running';
  }

  /** Kills the ingester that has run longest: nothing is saved or released. Returns its name; undefined when none runs. */
  killIngester(): string | undefined {
    const victim = this.#replicas.find(({ command, killed }) => command === 'ingester' && !killed);
    if (victim === undefined || this.#stopping) return undefined;
    victim.killed = true;
    victim.child.signal('SIGKILL');
    return victim.instance;
  }

  /** Starts one more. Its name; undefined when there are enough. */
  startIngester(): string | undefined {
    const alive = this.#replicas.filter(({ command, killed }) => command === 'ingester' && !killed);
    if (alive.length >= maxIngesters || this.#stopping) return undefined;
    return this.#start('ingester').instance;
  }

  /** Lets them finish, at most for `graceMs`; kills what is left then, or at once when `abort` aborts. */
  async stop(graceMs: number, abort: AbortSignal): Promise<void> {
    this.#stopping = true;
    for (const { child } of this.#replicas) child.signal('SIGTERM');
    const all = new AbortController();
    const kill = () => this.#replicas.forEach(({ child }) => child.signal('SIGKILL'));
    const killing = withAny([abort, all.signal], async (signal) => {
      await pause(this.#options.clock, graceMs, signal);
      if (!all.signal.aborted) kill();
    });
    await Promise.all(this.#replicas.map(({ ended }) => ended));
    all.abort();
    await killing;
  }

  #start(command: Command): Replica {
    const { config, env, say } = this.#options;
    const number = 1 + this.#replicas.filter((replica) => replica.command === command).length;
    const instance = `${command}-${number}`;
    say(`starting ${instance}: dstream ${command}`);
    let lastWords: string | undefined;
    const child = new Child({
      args: [command, '--config', config, '--instance', instance, '--log-format', 'json'],
      env,
      onLine: (line) => this.#arrived(instance, line),
      onLog: (line) => {
        this.#listens(replica, addressIn(line));
        const complaint = complaintOf(line);
        if (complaint === undefined) return;
        lastWords = complaint;
        if (!this.#stopping) say(`${instance}: ${complaint}`);
      },
    });
    const ended = this.#watch(instance, child, () => lastWords);
    const startedMs = this.#options.clock.monotonicMs();
    const replica: Replica = {
      instance,
      command,
      child,
      ended,
      startedMs,
      address: undefined,
      killed: false,
    };
    this.#replicas.push(replica);
    return replica;
  }

  #listens(replica: Replica, address: string | undefined): void {
    if (address === undefined || replica.address !== undefined) return;
    replica.address = address;
    const { clock, say } = this.#options;
    say(`${replica.instance} started in ${formatDuration(clock.monotonicMs() - replica.startedMs)}`);
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
    const onPurpose = this.#replicas.some((replica) => replica.instance === instance && replica.killed);
    if (this.#stopping || onPurpose) return;
    this.#stopping = true;
    const words = lastWords();
    const text = `${instance} ${how}${words === undefined ? '' : `; its last line: ${words}`}`;
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
