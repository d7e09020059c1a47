import type { Clock } from '@dstream/core';
import { withAny } from './abort.ts';

/**
 * Waits `ms` milliseconds, or until one of `until` aborts: a wait that an abort merely ends, and that therefore never
 * rejects for it. The caller looks at its signals afterwards.
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
