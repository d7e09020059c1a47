/** Shows the operator of a healthy process that it works: one log line for each minute in which something moved, none otherwise. */
import type { Clock, Log } from '@dstream/core';
import { pause } from '@dstream/async';

/** What a service has moved since its start, by the names of the log's fields. A restarted service counts from 0. */
export type Activity = Readonly<Record<string, number>>;

interface ActivityLogOptions {
  readonly clock: Clock;
  readonly log: Log;
  readonly activity: () => Activity;
}

const everyMs = 60_000;

/** Runs until `signal` aborts, then logs the last, shorter period. Never rejects. */
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
