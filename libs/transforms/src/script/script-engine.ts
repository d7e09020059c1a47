/**
 * A script in an engine of its own: QuickJS in WebAssembly, which has no access to anything but what is given to it here. Runs in
 * the thread of script-worker.ts.
 *
 * The engine interrupts a script that uses more CPU time than it may, refuses memory beyond the limit, and ends a recursion that
 * is too deep. What it does not interrupt (some loops inside of built-in functions) the watchdog of `ScriptThread` does.
 */
import { createHash, hash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { EvalFlags, Intrinsics, JSException, QuickJS, type JSValueHandle } from 'quickjs-wasi';
import { CpuBudget } from './cpu-budget.ts';
import { newText, textIn } from './engine-text.ts';
import { prelude } from './prelude.ts';

/** What an engine is made of. */
export interface EngineOptions {
  /** Made by `compileEngine`. */
  readonly engine: WebAssembly.Module;
  /** Of the script, for messages: `orders.js`. */
  readonly name: string;
  readonly source: string;
  /** CPU time of a call, in milliseconds. */
  readonly cpuMs: number;
  /** CPU time for loading the script, in milliseconds. */
  readonly loadMs: number;
  /** Bytes that the script may hold. */
  readonly memory: number;
  readonly allowClock: boolean;
}

/** `change`: the script takes one change at a time. */
export type ScriptForm = 'change' | 'batch';

/** A change on its way into the engine. */
export interface ChangeText {
  /** `[data]` or `[data, before]`, as JSON. */
  readonly images: string;
  readonly metadata: string;
}

/** What a script logged. */
export interface LogEntry {
  readonly level: string;
  readonly message: string;
}

/**
 * What came out of a call. `threw`: the script refused the change, and the engine goes on. `broken`: it met a limit, and the
 * engine is of no further use; `again`: what the engine kept of earlier changes may be the cause.
 */
export type EngineAnswer =
  | { readonly kind: 'made'; readonly text: string }
  | { readonly kind: 'threw'; readonly reason: string }
  | { readonly kind: 'broken'; readonly reason: string; readonly again: boolean };

/** The script cannot be used: its text names the place. */
export class ScriptError extends Error {}

const maxStackSize = 256 * 1024;
/** Characters of an answer. What is larger would not fit into a message either. */
const maxAnswer = 4 * 1024 * 1024;
const maxLogEntries = 20;
const maxLogLength = 1000;
const maxReason = 500;

/** No weak references, whose end a script could observe, and no timer of high resolution. */
const intrinsics =
  Intrinsics.ALL &
  ~(Intrinsics.WEAK_REF | Intrinsics.PERFORMANCE | Intrinsics.DOM_EXCEPTION | Intrinsics.ATOB_BTOA);

/** Compiles the engine, which takes longer than all else. The module may be used in many threads. */
export async function compileEngine(): Promise<WebAssembly.Module> {
  return await WebAssembly.compile(await readFile(new URL(import.meta.resolve('quickjs-wasi/quickjs.wasm'))));
}

/** One engine with one script. */
export class ScriptEngine implements Disposable {
  readonly #vm: QuickJS;
  readonly #options: EngineOptions;
  readonly #budget: CpuBudget;
  readonly #call: Call = { changes: [], log: [] };
  #entry: { readonly form: ScriptForm; readonly function: JSValueHandle } | undefined;

  private constructor(vm: QuickJS, options: EngineOptions, budget: CpuBudget) {
    this.#vm = vm;
    this.#options = options;
    this.#budget = budget;
  }

  /** Loads the script. Rejects with ScriptError. */
  static async open(options: EngineOptions): Promise<ScriptEngine> {
    const budget = new CpuBudget();
    const vm = await QuickJS.create({
      wasm: options.engine,
      memoryLimit: options.memory,
      maxStackSize,
      intrinsics,
      timezoneOffset: 0,
      interruptHandler: () => budget.isSpent(),
      ...(!options.allowClock && { wasi: withoutClock }),
    });
    const engine = new ScriptEngine(vm, options, budget);
    try {
      await engine.#load();
    } catch (error) {
      throw engine.#loadError(error);
    }
    return engine;
  }

  get form(): ScriptForm {
    return this.#loaded().form;
  }

  /** Gives changes to the script: one where its form is `change`. */
  run(changes: readonly ChangeText[]): EngineAnswer {
    const { form, function: entry } = this.#loaded();
    const images = changes.map((change) => change.images);
    this.#call.changes = changes;
    this.#budget.begin(this.#options.cpuMs);
    try {
      const answer = this.#answer(entry, form === 'batch' ? `[${images.join(',')}]` : (images[0] ?? ''));
      if (this.#vm.executePendingJobs() > 0)
        return broken('it left work for later (a promise); a script has to answer at once', false);
      return answer;
    } catch (error) {
      return broken(this.#limitOf(error), !this.#budget.wasSpent);
    } finally {
      this.#budget.end();
    }
  }

  /** What was logged since the last call of this. */
  takeLog(): readonly LogEntry[] {
    const { log } = this.#call;
    this.#call.log = [];
    return log;
  }

  [Symbol.dispose](): void {
    this.#vm.dispose();
  }

  #answer(entry: JSValueHandle, input: string): EngineAnswer {
    using given = newText(this.#vm, input);
    using answer = this.#vm.callFunction(entry, this.#vm.undefined, given);
    const text = answer.isString ? textIn(answer) : '!it returned something that is not understood';
    if (text.startsWith('!')) return { kind: 'threw', reason: text.slice(1, maxReason) };
    if (text.length > maxAnswer)
      return { kind: 'threw', reason: `it returned ${text.length} characters, more than ${maxAnswer}` };
    return { kind: 'made', text };
  }

  #loaded(): { readonly form: ScriptForm; readonly function: JSValueHandle } {
    if (this.#entry === undefined) throw new ScriptError(`${this.#options.name} is not loaded`);
    return this.#entry;
  }

  async #load(): Promise<void> {
    const { name, source, loadMs } = this.#options;
    this.#budget.begin(loadMs);
    const parts = this.#startPrelude();
    using loaded = this.#vm.evalCode(source, name, EvalFlags.TYPE_MODULE);
    this.#vm.executePendingJobs();
    if (loaded.promiseState === 0)
      throw new ScriptError(`${name} waits for something (await); a script has to answer at once`);
    const result = await this.#vm.resolvePromise(loaded);
    if ('error' in result) throw new JSException(result.error);
    using exported = result.value;
    using start = parts.getProp('start');
    using form = this.#vm.callFunction(start, this.#vm.undefined, exported);
    const text = form.toString();
    if (text.startsWith('!')) throw new ScriptError(`${name} ${text.slice(1)}`);
    const found: ScriptForm = text === 'batch' ? 'batch' : 'change';
    this.#entry = { form: found, function: parts.getProp(found) };
    this.#budget.end();
  }

  /** The object `Prelude` inside of the engine. */
  #startPrelude(): JSValueHandle {
    const vm = this.#vm;
    using make = vm.evalCode(`(${prelude.toString()})`, 'dstream');
    using host = vm.newObject();
    // What a function of the host returns is duplicated and stays ours: it is freed at the next call of one.
    let returned = vm.undefined;
    for (const [name, answer] of Object.entries(hostFunctions(this.#call))) {
      using handle = vm.newFunction(name, (...args) => {
        const text = answer(...args.map((arg) => (arg.isString ? arg.toString() : '')));
        returned.dispose();
        returned = text === undefined ? vm.undefined : newText(vm, text);
        return returned;
      });
      host.setProp(name, handle);
    }
    return vm.callFunction(make, vm.undefined, host, this.#options.allowClock ? vm.true : vm.false);
  }

  #loadError(error: unknown): ScriptError {
    if (error instanceof ScriptError) return error;
    const { name } = this.#options;
    if (!(error instanceof JSException) || error.name === 'InternalError')
      return new ScriptError(`${name} cannot be loaded: ${this.#limitOf(error)}`, { cause: error });
    const place = placeIn(name, error);
    return new ScriptError(`${place}: ${error.name}: ${error.message.slice(0, maxReason)}`, { cause: error });
  }

  #limitOf(error: unknown): string {
    const { cpuMs, loadMs, memory } = this.#options;
    if (this.#budget.wasSpent) {
      const limit = this.#entry === undefined ? `${loadMs} ms of loading` : `limits.cpu, ${cpuMs} ms`;
      return `it used more CPU time than it may (${limit})`;
    }
    const message = error instanceof Error ? error.message : String(error);
    if (message.includes('out of memory') || message.includes('wasm_malloc'))
      return `it used more memory than it may (limits.memory, ${memory} bytes)`;
    return `the engine ended: ${message.slice(0, maxReason)}`;
  }
}

/** What the functions of the host work on. */
interface Call {
  changes: readonly ChangeText[];
  log: LogEntry[];
}

function broken(reason: string, again: boolean): EngineAnswer {
  return { kind: 'broken', reason, again };
}

function hostFunctions(call: Call): Readonly<Record<string, (...args: string[]) => string | undefined>> {
  return {
    metadata: (index = '') => call.changes[Number(index)]?.metadata ?? 'null',
    hash: (text = '') => hash('sha256', text, 'hex'),
    uuid: (seed = '') => nameUuid(seed),
    log: (level = '', message = '') => {
      if (call.log.length < maxLogEntries) call.log.push({ level, message: message.slice(0, maxLogLength) });
      return undefined;
    },
  };
}

/** The namespace of our ids. */
const namespace = Buffer.from('8d0f6a7e3c3b5b1e9a4c2f6d7e8091a2', 'hex');

/** A UUID of version 5 (RFC 9562): of SHA-1 of namespace and name. */
function nameUuid(seed: string): string {
  const bytes = createHash('sha1').update(namespace).update(seed).digest();
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex', 0, 16);
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** `orders.js:3:5`, from the first line of the stack that is in the script. */
function placeIn(name: string, error: JSException): string {
  const stack = error.stack ?? '';
  const at = stack.indexOf(`${name}:`);
  const [line] = /^[\d:]*\d/.exec(stack.slice(at + name.length + 1)) ?? [];
  return at < 0 || line === undefined ? name : `${name}:${line}`;
}

/** Ends where it began: the clock of an engine without one. */
function withoutClock(memory: WebAssembly.Memory): Record<string, () => number> {
  return {
    clock_time_get: (_clock?: number, _precision?: bigint, result?: number) => {
      new DataView(memory.buffer).setBigUint64(result ?? 0, 0n, true);
      return 0;
    },
  };
}
