import type { Clock } from '@dstream/core';

/** The machine's clocks and timers. */
export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  sleep,
};

/** `setTimeout` fires at once beyond 2^31-1 ms (Node.js, Timers); a longer sleep is a sleep of that length. */
const longestTimerMs = 2_147_483_647;

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(signal.reason);
      return;
    }
    const timer = setTimeout(done, Math.min(Math.max(ms, 0), longestTimerMs));
    signal.addEventListener('abort', cancelled, { once: true });
    function done() {
      signal.removeEventListener('abort', cancelled);
      resolve();
    }
    function cancelled() {
      clearTimeout(timer);
      reject(signal.reason);
    }
  });
}
