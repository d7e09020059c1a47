/** Small compositions of abort signals, and of waits and tasks that end with them. Each removes its listeners and timers. */
import type { Clock } from '@dstream/core';

/** Calls `listener` when `signal` aborts, at once if it has. Returns what removes the listener. */
export function onAbort(signal: AbortSignal, listener: () => void): () => void {
  if (signal.aborted) {
    listener();
    return () => undefined;
  }
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}

/** Resolves when `signal` aborts. Never rejects: for waiting on a stop as on any other event. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    onAbort(signal, resolve);
  });
}

/** The outcome of `work`, or a rejection with `signal.reason` if that comes first. Does not stop `work`. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const removeListener = onAbort(signal, () => reject(signal.reason));
    work.then(resolve, reject).finally(removeListener);
  });
}

/** Runs `work` with a signal that aborts when any of `signals` does, with the same reason. */
export async function withAny<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const cleanups = signals.map((signal) => onAbort(signal, () => controller.abort(signal.reason)));
  try {
    return await work(controller.signal);
  } finally {
    for (const cleanup of cleanups) cleanup();
  }
}

/**
 * Waits `ms` milliseconds, or until one of `until` aborts. Never rejects on abort: the caller looks at its signals
 * afterwards.
 */
export function pause(clock: Clock, ms: number, ...until: readonly AbortSignal[]): Promise<void> {
  return withAny(until, async (signal) => {
    try {
      await clock.sleep(ms, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  });
}

/** A signal that aborts `ms` milliseconds after `when` does, with its reason. Dispose to leave no timer behind. */
export function abortLater(
  clock: Clock,
  ms: number,
  when: AbortSignal,
): Disposable & { readonly signal: AbortSignal } {
  const later = new AbortController();
  const timer = new AbortController();
  const removeListener = onAbort(when, () => {
    clock.sleep(ms, timer.signal).then(
      () => later.abort(when.reason),
      () => undefined,
    );
  });
  return {
    signal: later.signal,
    [Symbol.dispose]: () => {
      removeListener();
      timer.abort();
    },
  };
}

/**
 * Runs tasks side by side as one: when one rejects, the signal of the others aborts, all are awaited, and the first
 * rejection is thrown. Resolves when all have. No task is left running.
 */
export async function runAll(
  parent: AbortSignal,
  tasks: readonly ((signal: AbortSignal) => Promise<void>)[],
): Promise<void> {
  const failed = new AbortController();
  await withAny([parent, failed.signal], async (signal) => {
    const outcomes = await Promise.allSettled(tasks.map((task) => start(task, signal, failed)));
    if (failed.signal.aborted) throw failed.signal.reason;
    const rejected = outcomes.find((o) => o.status === 'rejected');
    if (rejected !== undefined) throw rejected.reason;
  });
}

async function start(
  task: (signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
  failed: AbortController,
): Promise<void> {
  try {
    await task(signal);
  } catch (error) {
    failed.abort(error);
    throw error;
  }
}
