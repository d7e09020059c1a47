/** Time as the broker sees it: wall-clock milliseconds, because lock expiries travel to clients as wall-clock times. */
export interface BrokerClock {
  /** Milliseconds since 1970 UTC. */
  nowMs(): number;
  /** Runs `run` once after `ms` milliseconds unless the returned function is called first. */
  setTimer(ms: number, run: () => void): () => void;
}

/** Node cuts longer timers to one millisecond. The broker looks again when a cut timer fires. */
const longestTimerMs = 2_147_483_647;

export const systemClock: BrokerClock = {
  nowMs: () => Date.now(),
  setTimer(ms, run) {
    const timer = setTimeout(run, Math.min(Math.max(ms, 0), longestTimerMs));
    return () => clearTimeout(timer);
  },
};
