/** The share of a lease or lock that is kept back as safety margin: a fifth (DESIGN 5, rule 6). */
const margin = 0.2;

/**
 * Until when a lease or a session lock is good, on the monotonic clock.
 * @param beforeCallMs monotonic time taken BEFORE the call that acquired or renewed it
 * @param durationMs what the service granted
 */
export function goodUntil(beforeCallMs: number, durationMs: number): number {
  return beforeCallMs + durationMs * (1 - margin);
}

/** When to renew what is good until then: a third of its duration after the call that granted it was begun. */
export function renewalDue(goodUntilMs: number, durationMs: number): number {
  return goodUntilMs - durationMs * (1 - margin) + durationMs / 3;
}
