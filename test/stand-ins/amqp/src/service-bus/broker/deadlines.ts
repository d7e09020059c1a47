import type { BrokerClock } from '../../protocol/broker-clock.ts';

/** Something that happens at a time which may move away or cease to matter. */
export interface Deadline {
  /** When it is due, or undefined once it no longer matters. */
  dueAtMs(): number | undefined;
  /** Called once when due. */
  run(): void;
}

interface Entry {
  readonly atMs: number;
  readonly deadline: Deadline;
}

/** Entries are thinned out when this many, or twice what was live last time, have gathered. */
const firstThinning = 1024;

/**
 * All deadlines of a broker on one timer: a heap by time. A deadline that moved later is found out when its old entry
 * comes up; entries that no longer matter are dropped when they come up, or when more than half are likely dead.
 */
export class Deadlines {
  readonly #clock: BrokerClock;
  #heap: Entry[] = [];
  #thinAt = firstThinning;
  #armedMs = Infinity;
  #cancel: (() => void) | undefined;

  constructor(clock: BrokerClock) {
    this.#clock = clock;
  }

  get size(): number {
    return this.#heap.length;
  }

  add(deadline: Deadline): void {
    const atMs = deadline.dueAtMs();
    if (atMs === undefined || atMs === Infinity) return;
    if (this.#heap.length >= this.#thinAt) this.#thin();
    this.#push({ atMs, deadline });
    this.#arm();
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#heap = [];
  }

  #arm(): void {
    const next = this.#heap[0];
    if (next === undefined || next.atMs >= this.#armedMs) return;
    this.#cancel?.();
    this.#armedMs = next.atMs;
    this.#cancel = this.#clock.setTimer(next.atMs - this.#clock.nowMs(), () => this.#fire());
  }

  #fire(): void {
    this.#armedMs = Infinity;
    this.#cancel = undefined;
    const now = this.#clock.nowMs();
    while (this.#heap[0] !== undefined && this.#heap[0].atMs <= now) this.#fall(now);
    this.#arm();
  }

  #fall(now: number): void {
    const { deadline } = this.#pop();
    const due = deadline.dueAtMs();
    if (due === undefined) return;
    if (due > now) this.#push({ atMs: due, deadline });
    else deadline.run();
  }

  #thin(): void {
    const live = this.#heap.filter((entry) => entry.deadline.dueAtMs() !== undefined);
    this.#heap = live.sort((a, b) => a.atMs - b.atMs);
    this.#thinAt = Math.max(firstThinning, live.length * 2);
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent] as Entry;
      if (above.atMs <= entry.atMs) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry {
    const heap = this.#heap;
    const top = heap[0] as Entry;
    const last = heap.pop() as Entry;
    if (heap.length > 0) this.#sink(last);
    return top;
  }

  #sink(entry: Entry): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && (heap[child + 1] as Entry).atMs < (heap[child] as Entry).atMs)
        child += 1;
      const below = heap[child] as Entry;
      if (below.atMs >= entry.atMs) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  }
}
