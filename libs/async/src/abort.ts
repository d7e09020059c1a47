/** Small compositions of abort signals. Every one of them removes its listeners. */

/** Runs `work` with a signal that aborts when any of `signals` does. */
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

/** Calls `listener` when `signal` aborts, at once if it has. Returns what removes it. */
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
