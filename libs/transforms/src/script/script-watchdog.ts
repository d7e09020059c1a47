/**
 * Ends a thread that stays at one step for more CPU time than the step may take: the loops of some built-in functions
 * (`new Array(2 ** 32 - 1).join()`) never ask the engine whether to go on. Thread and watchdog share the memory that says where
 * the thread is.
 */
import type { Worker } from 'node:worker_threads';

/** Where a thread is. The thread writes, the watchdog reads. */
export class Progress {
  readonly buffer: SharedArrayBuffer;
  readonly #fields: Int32Array;

  constructor(buffer = new SharedArrayBuffer(3 * Int32Array.BYTES_PER_ELEMENT)) {
    this.buffer = buffer;
    this.#fields = new Int32Array(buffer);
  }

  /** @param limitMs CPU time that the step may take */
  begin(index: number, limitMs: number): void {
    Atomics.store(this.#fields, 1, index);
    Atomics.store(this.#fields, 2, limitMs);
    Atomics.add(this.#fields, 0, 1);
  }

  /** Another number for each step. */
  get step(): number {
    return Atomics.load(this.#fields, 0);
  }

  /** Of the change at hand, within what the thread was given. */
  get index(): number {
    return Atomics.load(this.#fields, 1);
  }

  /** 0 before the first step. */
  get limitMs(): number {
    return Atomics.load(this.#fields, 2);
  }
}

/** The engine interrupts at the limit; this comes after it, and before twice the limit. */
const tolerance = 1.1;
/** How often it looks, in parts of the limit. */
const looksPerLimit = 4;
const shortestLookMs = 5;

/** Watches while it exists. */
export class Watchdog implements Disposable {
  readonly #worker: Worker;
  readonly #progress: Progress;
  readonly #ended: (reason: string) => void;
  #timer: NodeJS.Timeout | undefined;
  #seen: { readonly step: number; readonly cpuMs: number | undefined } = { step: -1, cpuMs: undefined };

  /** @param ended called before it ends the thread, with the reason */
  constructor(worker: Worker, progress: Progress, ended: (reason: string) => void) {
    this.#worker = worker;
    this.#progress = progress;
    this.#ended = ended;
    this.#lookLater();
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #lookLater(): void {
    const ms = Math.max(shortestLookMs, this.#progress.limitMs / looksPerLimit);
    this.#timer = setTimeout(() => void this.#look(), ms);
  }

  /** Never rejects. */
  async #look(): Promise<void> {
    const { step, limitMs } = this.#progress;
    const seen = this.#seen;
    if (step !== seen.step) this.#seen = { step, cpuMs: undefined };
    else {
      const cpuMs = await cpuMsOf(this.#worker);
      if (this.#timer === undefined) return;
      if (seen.cpuMs === undefined || cpuMs === undefined) this.#seen = { step, cpuMs };
      else if (limitMs > 0 && cpuMs - seen.cpuMs > limitMs * tolerance) return this.#end(limitMs);
    }
    this.#lookLater();
  }

  #end(limitMs: number): void {
    this.#ended(`it used more CPU time than it may (${limitMs} ms) and could not be interrupted`);
    void this.#worker.terminate();
  }
}

/** CPU time of the thread, also of one that is stuck. Undefined: it has not begun, or has ended. */
async function cpuMsOf(worker: Worker): Promise<number | undefined> {
  try {
    const { user, system } = await worker.cpuUsage();
    return (user + system) / 1000;
  } catch {
    return undefined;
  }
}
