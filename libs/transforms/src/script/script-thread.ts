/**
 * Owns the thread that a script runs in, so that nothing it does holds up this process: locks are renewed and other sessions go on.
 * A thread that had to be ended is started anew.
 */
import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Semaphore, unlessAborted } from '@dstream/async';
import { DStreamError } from '@dstream/core';
import {
  compileEngine,
  type ChangeText,
  type EngineAnswer,
  type EngineOptions,
  type LogEntry,
  type ScriptForm,
} from './script-engine.ts';
import { Progress, Watchdog } from './script-watchdog.ts';
import type { WorkerAnswer, WorkerReady, WorkerStart } from './script-worker.ts';

/** The entry beside this file, as source or as built. */
const entry = new URL(`script-worker${extname(import.meta.url)}`, import.meta.url);

/** Options of a `ScriptThread`. */
export interface ScriptThreadOptions extends Omit<EngineOptions, 'engine'> {
  /** Called with what the script logs. */
  readonly logged: (entries: readonly LogEntry[]) => void;
}

type Options = ScriptThreadOptions & EngineOptions;

/** Compiled once for the process. */
let engine: ReturnType<typeof compileEngine> | undefined;

/** A thread with one script. Calls wait for each other, in the order of arrival. */
export class ScriptThread implements AsyncDisposable {
  /** Of the script. */
  readonly form: ScriptForm;
  readonly #options: Options;
  readonly #turn = new Semaphore(1);
  #running: RunningScript | undefined;

  private constructor(options: Options, running: RunningScript) {
    this.#options = options;
    this.#running = running;
    this.form = running.form;
  }

  /** Starts it. Rejects with ConfigInvalid when the script cannot be loaded; the message begins with the place in it. */
  static async open(options: ScriptThreadOptions): Promise<ScriptThread> {
    engine ??= compileEngine();
    const withEngine = { ...options, engine: await engine };
    return new ScriptThread(withEngine, await RunningScript.start(withEngine));
  }

  /**
   * Gives changes to the script, all of them at once where its form is `batch`. Resolves with what became of the first of them: of
   * one at least, of as many as fit into the time of a turn. Rejects with `signal.reason` on abort, and when the thread
   * cannot be started. What it runs then keeps the turn until it has ended.
   */
  async run(changes: readonly ChangeText[], signal: AbortSignal): Promise<readonly EngineAnswer[]> {
    return await unlessAborted(
      this.#turn.run(signal, () => this.#run(changes)),
      signal,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#running?.[Symbol.asyncDispose]();
    this.#running = undefined;
  }

  async #run(changes: readonly ChangeText[]): Promise<readonly EngineAnswer[]> {
    this.#running ??= await RunningScript.start(this.#options);
    const outcome = await this.#running.run(changes);
    if ('answers' in outcome) {
      if (outcome.log.length > 0) this.#options.logged(outcome.log);
      return outcome.answers;
    }
    this.#running = undefined;
    const failed: EngineAnswer = { kind: 'broken', reason: outcome.ended, again: false };
    if (outcome.index === 0) return [failed];
    // The answers to what came before are lost with the thread.
    const before = await this.#run(changes.slice(0, outcome.index));
    return before.length === outcome.index ? [...before, failed] : before;
  }
}

/** The thread was ended, or ended by itself, at the change `index`. */
interface Ended {
  readonly ended: string;
  readonly index: number;
}

/** The life of one thread. */
class RunningScript implements AsyncDisposable {
  readonly form: ScriptForm;
  readonly #worker: Worker;
  readonly #progress: Progress;

  private constructor(form: ScriptForm, worker: Worker, progress: Progress) {
    this.form = form;
    this.#worker = worker;
    this.#progress = progress;
  }

  static async start({ logged: _logged, ...options }: Options): Promise<RunningScript> {
    const progress = new Progress();
    const workerData: WorkerStart = { ...options, progress: progress.buffer };
    const worker = new Worker(entry, { workerData, env: {}, name: `script ${options.name}` });
    // A thread that is never disposed of must not keep the process; while an answer is awaited, the watchdog's timer does.
    worker.unref();
    const ready = await nextMessage<WorkerReady>(worker, progress);
    if ('form' in ready) return new RunningScript(ready.form, worker, progress);
    await worker.terminate();
    const problem = 'invalid' in ready ? ready.invalid : `${options.name} cannot be loaded: ${ready.ended}`;
    throw new DStreamError('ConfigInvalid', problem);
  }

  /** One at a time. */
  run(changes: readonly ChangeText[]): Promise<WorkerAnswer | Ended> {
    // eslint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
    this.#worker.postMessage(changes);
    return nextMessage<WorkerAnswer>(this.#worker, this.#progress);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate();
  }
}

/** Resolves with the next message of the thread, or with how it ended. Never rejects. */
function nextMessage<T>(worker: Worker, progress: Progress): Promise<T | Ended> {
  return new Promise((resolve) => {
    let ended = 'the thread of the script has ended';
    const watchdog = new Watchdog(worker, progress, (reason) => {
      ended = reason;
    });
    const settle = (outcome: T | Ended) => {
      watchdog[Symbol.dispose]();
      worker.off('message', settle).off('error', failed).off('exit', exited);
      resolve(outcome);
    };
    const failed = (error: Error) => {
      ended = `the engine has ended: ${error.message}`;
    };
    const exited = () => settle({ ended, index: progress.index });
    worker.on('message', settle).on('error', failed).on('exit', exited);
  });
}
