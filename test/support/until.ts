import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until `look` gives something else than undefined or false. Throws with what was waited for. */
export async function until<T>(
  look: () => T | undefined | false | Promise<T | undefined | false>,
  what: () => string,
  withinMs = 20_000,
): Promise<T> {
  const end = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (seen !== undefined && seen !== false) return seen;
    if (performance.now() > end) throw new Error(`not within ${withinMs} ms: ${what()}`);
    await sleep(20);
  }
}
