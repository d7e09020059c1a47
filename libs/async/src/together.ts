import { withAny } from './abort.ts';

/**
 * Runs tasks side by side as one: when one rejects the others' signal aborts, all are awaited, and the first
 * rejection is thrown. Resolves when all have. No task is ever left running.
 */
export async function together(
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
