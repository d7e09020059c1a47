import type { Clock } from '@dstream/core';
import { onAbort } from './abort.ts';

/** A signal that aborts `ms` after `when` does. Dispose to leave no timer behind. */
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
