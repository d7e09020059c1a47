/** Counts the changes that arrive: repeats, out of order, latency. */
import { isNewer, tableKey, type Progress, type StampedEvent } from '@dstream/core';

/** Since the start. */
export interface ArrivalCounts {
  /** Distinct change ids. */
  readonly delivered: number;
  readonly repeats: number;
  /** First deliveries older than an earlier first delivery of their table. */
  readonly outOfOrder: number;
}

/** Remembers every change id, as long as the playground runs. */
export class Arrivals {
  readonly #ids = new Set<string>();
  readonly #newest = new Map<string, Progress>();
  readonly #latenciesMs: number[] = [];
  #measuredFromMs = Infinity;
  #repeats = 0;
  #outOfOrder = 0;

  /** @param nowMs wall clock when the change was seen */
  add({ metadata }: StampedEvent, nowMs: number): void {
    if (this.#ids.has(metadata.id)) {
      this.#repeats += 1;
      return;
    }
    this.#ids.add(metadata.id);
    const committedMs = Date.parse(metadata.committedAt);
    if (committedMs >= this.#measuredFromMs) this.#latenciesMs.push(nowMs - committedMs);
    const table = tableKey({ ...metadata, source: metadata.server });
    const progress = { generation: metadata.generation, position: metadata.position };
    if (isNewer(progress, this.#newest.get(table))) this.#newest.set(table, progress);
    else this.#outOfOrder += 1;
  }

  /** Latency is measured for changes committed from now on: before, nothing ran to deliver them. */
  measureFrom(wallMs: number): void {
    this.#measuredFromMs = wallMs;
  }

  get counts(): ArrivalCounts {
    return { delivered: this.#ids.size, repeats: this.#repeats, outOfOrder: this.#outOfOrder };
  }

  /** Latency from commit to sight, whole milliseconds; 0 when nothing was measured. */
  latency(share: number): number {
    const sorted = [...this.#latenciesMs].sort((a, b) => a - b);
    const at = Math.min(sorted.length - 1, Math.floor(sorted.length * share));
    return Math.max(0, Math.round(sorted[at] ?? 0));
  }

  /** Of the last change that was measured; undefined before it. */
  get lastLatencyMs(): number | undefined {
    const last = this.#latenciesMs.at(-1);
    return last === undefined ? undefined : Math.max(0, Math.round(last));
  }
}
