import type { Clock } from '@dstream/core';
import { withAny } from './abort.ts';

/**
 * Runs `work` with a signal that aborts with `reason()` when the monotonic clock reaches `atMs`, or with `parent`'s
 * reason. The timer is gone when it returns.
 */
export function withDeadline<T>(
  clock: Clock,
  atMs: number,
  reason: () => Error,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return withAny([parent], async (parentSignal) => {
    const deadline = new AbortController();
    const timer = new AbortController();
    const waited = clock.sleep(atMs - clock.monotonicMs(), timer.signal).then(
      () => deadline.abort(reason()),
      () => undefined,
    );
    try {
      return await withAny([parentSignal, deadline.signal], work);
    } finally {
      timer.abort();
      await waited;
    }
  });
}
