import type { BrokerClock } from '../../protocol/broker-clock.ts';
import type { LastEnqueued, StoredEvent } from '../wire/encode-event.ts';

/** Of a partition that never held anything: .NET's smallest time is what the service says then. */
const nothingYet: LastEnqueued = { sequence: -1, offset: -1, atMs: Date.parse('0001-01-01T00:00:00Z') };

/** How often old events are looked for: they are dropped in lots. */
const sweepMs = 1_000;

/** The events of one partition in order, as long as they are kept. */
export class PartitionLog {
  readonly id: string;
  readonly #clock: BrokerClock;
  readonly #retentionMs: number;
  readonly #watchers = new Set<() => void>();
  #events: StoredEvent[] = [];
  #last = nothingYet;
  #nextOffset = 0;
  #sweptAtMs = 0;

  constructor(id: string, clock: BrokerClock, retentionMs: number) {
    this.id = id;
    this.#clock = clock;
    this.#retentionMs = retentionMs;
  }

  get last(): LastEnqueued {
    return this.#last;
  }

  /** Sequence number of the oldest event that is kept; of the next one when there is none. */
  get first(): number {
    return this.#events[0]?.sequence ?? this.#last.sequence + 1;
  }

  get size(): number {
    return this.#events.length;
  }

  get events(): readonly StoredEvent[] {
    return this.#events;
  }

  append(events: readonly Buffer[], partitionKey: string | undefined): void {
    const enqueuedAtMs = Math.max(this.#clock.nowMs(), this.#last.atMs);
    for (const bytes of events) {
      const [sequence, offset] = [this.#last.sequence + 1, this.#nextOffset];
      this.#events.push({ sequence, offset, enqueuedAtMs, partitionKey, bytes });
      this.#last = { sequence, offset, atMs: enqueuedAtMs };
      this.#nextOffset += bytes.length;
    }
    this.expire();
    for (const watcher of this.#watchers) watcher();
  }

  /** The event, or the oldest behind it that is kept. Undefined at the end. */
  from(sequence: number): StoredEvent | undefined {
    return this.#events[Math.max(sequence - this.first, 0)];
  }

  /** Sequence number of the first event of which `reached` is true, as it is of all behind it. */
  search(reached: (event: StoredEvent) => boolean): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (reached(this.#events[middle] as StoredEvent)) high = middle;
      else low = middle + 1;
    }
    return this.first + low;
  }

  /** Calls `watcher` after every append, until the function is called that this returns. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  /** Drops what is older than the retention. */
  expire(): void {
    const now = this.#clock.nowMs();
    if (now - this.#sweptAtMs < sweepMs) return;
    this.#sweptAtMs = now;
    const kept = this.search((event) => event.enqueuedAtMs > now - this.#retentionMs);
    if (kept > this.first) this.#events = this.#events.slice(kept - this.first);
  }
}
