/** When a failure that lasts is logged again: 1, 5, 15 and 60 minutes after it began, then every hour. */
const dueAfterMs = [60_000, 300_000, 900_000, 3_600_000] as const;
const everyMs = 3_600_000;

/**
 * Says when a failure that lasts is to be logged again: at growing intervals, so that a log that was rotated still
 * shows it and none is flooded. Times are monotonic milliseconds.
 */
export class Reminders {
  readonly #sinceMs: number;
  #given = 0;

  /** @param sinceMs when the failure began, and was logged first */
  constructor(sinceMs: number) {
    this.#sinceMs = sinceMs;
  }

  get sinceMs(): number {
    return this.#sinceMs;
  }

  /** True when a reminder has become due since the last one. Several that were missed are one. */
  due(nowMs: number): boolean {
    const due = dueBy(nowMs - this.#sinceMs);
    if (due <= this.#given) return false;
    this.#given = due;
    return true;
  }
}

/** How many reminders have become due in so long. */
function dueBy(elapsedMs: number): number {
  const listed = dueAfterMs.filter((ms) => ms <= elapsedMs).length;
  const [, , , lastMs] = dueAfterMs;
  return listed + Math.max(0, Math.floor((elapsedMs - lastMs) / everyMs));
}
