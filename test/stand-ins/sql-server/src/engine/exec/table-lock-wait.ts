/** A query waits while somebody holds a lock on a change table that it reads: as long as SET LOCK_TIMEOUT allows. */
import type { CaptureInstance } from '../storage/capture-instance.ts';
import { errors } from '../errors/errors.ts';
import type { Replying } from './replies.ts';
import type { LockWait } from './write-lock-wait.ts';

/** Error 1222 when the time is over; rejects with the signal's reason on abort. */
export function* waitForTables(instances: Iterable<CaptureInstance>, wait: LockWait): Replying {
  for (const instance of instances) {
    if (instance.locked === undefined) continue;
    if (wait.timeoutMs === 0) throw errors.lockTimeout();
    yield* waitFor(instance.locked, wait);
  }
}

function* waitFor(released: Promise<void>, { timers, signal, timeoutMs }: LockWait): Replying {
  let outcome: 'released' | 'timeout' | 'aborted' | undefined;
  const { promise, resolve } = Promise.withResolvers<void>();
  const settle = (how: NonNullable<typeof outcome>): void => {
    outcome ??= how;
    resolve();
  };
  const onAbort = (): void => settle('aborted');
  const cancel = timeoutMs > 0 ? timers.after(timeoutMs, () => settle('timeout')) : () => {};
  signal.addEventListener('abort', onAbort, { once: true });
  void released.then(() => settle('released'));
  try {
    yield { kind: 'wait', until: promise };
  } finally {
    signal.removeEventListener('abort', onAbort);
    cancel();
  }
  if (outcome === 'timeout') throw errors.lockTimeout();
  if (outcome === 'aborted') throw signal.reason;
}
