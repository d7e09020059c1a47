/**
 * The thread of a script. Gets slices of changes and answers each with what became of its first changes: a slice ends early when
 * it has taken its time, so that sessions take turns.
 */
import { parentPort, workerData } from 'node:worker_threads';
import {
  ScriptEngine,
  ScriptError,
  type ChangeText,
  type EngineAnswer,
  type EngineOptions,
  type LogEntry,
  type ScriptForm,
} from './script-engine.ts';
import { Progress } from './script-watchdog.ts';

/** What the thread starts with. */
export interface WorkerStart extends EngineOptions {
  /** Of a `Progress`. */
  readonly progress: SharedArrayBuffer;
}

/** What it says first. */
export type WorkerReady = { readonly form: ScriptForm } | { readonly invalid: string };

/** What it says to each slice. */
export interface WorkerAnswer {
  /** Of the first changes of the slice, at least one; of a batch one for all. */
  readonly answers: readonly EngineAnswer[];
  readonly log: readonly LogEntry[];
}

/** After so long a slice ends, once the change at hand is done. */
const sliceMs = 20;

const start = workerData as WorkerStart;
const progress = new Progress(start.progress);
let engine: ScriptEngine | undefined;
/** Whether the engine has seen changes: what it keeps of them may be why it met a limit. */
let isUsed = false;

async function opened(index: number): Promise<ScriptEngine> {
  progress.begin(index, start.loadMs);
  engine ??= await ScriptEngine.open(start);
  return engine;
}

async function answerTo(
  changes: readonly ChangeText[],
  index: number,
  log: LogEntry[],
): Promise<EngineAnswer> {
  const current = await opened(index);
  progress.begin(index, start.cpuMs);
  const answer = current.run(changes);
  log.push(...current.takeLog());
  const wasUsed = isUsed;
  isUsed = true;
  if (answer.kind !== 'broken') return answer;
  replace();
  return wasUsed && answer.again ? await answerTo(changes, index, log) : answer;
}

/** Its memory may be in any state. */
function replace(): void {
  engine = undefined;
  isUsed = false;
}

async function work(changes: readonly ChangeText[]): Promise<WorkerAnswer> {
  const log: LogEntry[] = [];
  const { form } = await opened(0);
  if (form === 'batch') return { answers: [await answerTo(changes, 0, log)], log };
  const endMs = performance.now() + sliceMs;
  const answers: EngineAnswer[] = [];
  for (const change of changes) {
    // eslint-disable-next-line no-await-in-loop -- one after the other
    answers.push(await answerTo([change], answers.length, log));
    if (performance.now() >= endMs) break;
  }
  return { answers, log };
}

async function ready(): Promise<WorkerReady> {
  try {
    return { form: (await opened(0)).form };
  } catch (error) {
    if (error instanceof ScriptError) return { invalid: error.message };
    throw error;
  }
}

/* eslint-disable unicorn/require-post-message-target-origin -- a thread has none */
parentPort?.postMessage(await ready());
parentPort?.on('message', (changes: readonly ChangeText[]) => {
  void work(changes).then((answer) => parentPort?.postMessage(answer));
});
