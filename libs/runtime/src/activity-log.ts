/** Tells the operator of a healthy process that it works: one line a minute in which something moved, none otherwise. */
import type { Clock, Log } from '@dstream/core';
import { pause } from '@dstream/async';

/** What a service has moved since its start, by what it is called in the log. One that was started anew counts from 0. */
export type Activity = Readonly<Record<string, number>>;

export interface ActivityLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly activity: () => Activity;
}

const everyMs = 60_000;

/** Runs until `signal` aborts, then says what the last, shorter time brought. Never rejects. */
export async function logActivity(options: ActivityLogOptions, signal: AbortSignal): Promise<void> {
  const { clock, log, activity } = options;
  let before: Activity = {};
  let sinceMs = clock.monotonicMs();
  while (!signal.aborted) {
    await pause(clock, everyMs, signal);
    const [now, nowMs] = [activity(), clock.monotonicMs()];
    const moved = difference(before, now);
    if (Object.values(moved).some((count) => count > 0))
      log.info('activity', { seconds: Math.round((nowMs - sinceMs) / 1_000), ...moved });
    before = now;
    sinceMs = nowMs;
  }
}

function difference(before: Activity, now: Activity): Activity {
  return Object.fromEntries(
    Object.entries(now).map(([what, count]) => {
      const last = before[what] ?? 0;
      return [what, count < last ? count : count - last];
    }),
  );
}
