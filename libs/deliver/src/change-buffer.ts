/**
 * Changes that wait for an output that is not required: in order for each key, a bounded number of bytes for all.
 *
 * When there is no room the oldest that wait are dropped, a quarter of the buffer at a time. The oldest, because then what
 * an outage loses is one stretch of time that ends where the buffer begins, and what the destination gets afterwards
 * is complete up to now; a quarter, so that a destination that is merely slow has few holes instead of many. What is
 * being published at the moment stays: it may arrive.
 */
import type { RoutedEvent } from '@dstream/core';

interface Chunk {
  readonly order: number;
  readonly events: readonly RoutedEvent[];
  readonly bytes: number;
}

export class ChangeBuffer {
  readonly #capacityBytes: number;
  readonly #lanes = new Map<string, Chunk[]>();
  readonly #taken = new Map<string, Chunk>();
  #order = 0;
  #bytes = 0;
  #changes = 0;

  constructor(capacityBytes: number) {
    this.#capacityBytes = capacityBytes;
  }

  /** Of all that waits and is being published, as lines of JSON. */
  get bytes(): number {
    return this.#bytes;
  }

  get changes(): number {
    return this.#changes;
  }

  /** Keys of which something waits. */
  get keys(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  /** Adds events of one key. Returns what had to be dropped, oldest first. */
  add(key: string, events: readonly RoutedEvent[]): readonly RoutedEvent[] {
    const lane = this.#lanes.get(key) ?? [];
    this.#lanes.set(key, lane);
    for (const part of inParts(events, this.#capacityBytes / 16)) {
      this.#order += 1;
      lane.push({ order: this.#order, ...part });
      this.#bytes += part.bytes;
    }
    this.#changes += events.length;
    return this.#bytes <= this.#capacityBytes ? [] : this.#makeRoom();
  }

  /**
   * The next events of a key, at most so many and about so many bytes, but at least one; empty when none waits. They
   * stay in the buffer's count until `settle`.
   */
  take(key: string, maxBytes: number, maxEvents: number): readonly RoutedEvent[] {
    const lane = this.#lanes.get(key) ?? [];
    const [first] = lane;
    if (first === undefined) {
      this.#lanes.delete(key);
      return [];
    }
    let [count, bytes, events] = [0, 0, 0];
    for (const chunk of lane) {
      if (count > 0 && (bytes + chunk.bytes > maxBytes || events + chunk.events.length > maxEvents)) break;
      [count, bytes, events] = [count + 1, bytes + chunk.bytes, events + chunk.events.length];
    }
    const chunks = lane.splice(0, count);
    const all = chunks.length === 1 ? first.events : chunks.flatMap((chunk) => chunk.events);
    const wanted = all.slice(0, maxEvents);
    if (wanted.length < all.length) lane.unshift(chunkOf(first.order, all.slice(maxEvents)));
    this.#taken.set(key, chunkOf(first.order, wanted));
    return wanted;
  }

  /** What of the events taken last is to be taken again: before all others of the key. The rest is gone. */
  settle(key: string, again: readonly RoutedEvent[]): void {
    const taken = this.#taken.get(key);
    if (taken === undefined) return;
    this.#taken.delete(key);
    const kept = chunkOf(taken.order, again);
    this.#bytes -= taken.bytes - kept.bytes;
    this.#changes -= taken.events.length - again.length;
    if (again.length > 0) this.#lanes.get(key)?.unshift(kept);
    else if (this.#lanes.get(key)?.length === 0) this.#lanes.delete(key);
  }

  /** Empties the lane of a key, or all. Returns what waited, and what was being published. */
  clear(key?: string): readonly RoutedEvent[] {
    const keys = key === undefined ? [...new Set([...this.#taken.keys(), ...this.#lanes.keys()])] : [key];
    return keys.flatMap((each) => {
      const taken = this.#taken.get(each);
      const chunks = [...(taken === undefined ? [] : [taken]), ...(this.#lanes.get(each) ?? [])];
      this.#taken.delete(each);
      this.#lanes.delete(each);
      return chunks.flatMap((chunk) => this.#gone(chunk));
    });
  }

  #makeRoom(): readonly RoutedEvent[] {
    const dropped: RoutedEvent[] = [];
    while (this.#bytes > this.#capacityBytes * 0.75) {
      const oldest = this.#oldestLane()?.shift();
      if (oldest === undefined) break;
      for (const event of this.#gone(oldest)) dropped.push(event);
    }
    return dropped;
  }

  #gone(chunk: Chunk): readonly RoutedEvent[] {
    this.#bytes -= chunk.bytes;
    this.#changes -= chunk.events.length;
    return chunk.events;
  }

  #oldestLane(): Chunk[] | undefined {
    let oldest: Chunk[] | undefined;
    for (const lane of this.#lanes.values()) {
      const [head] = lane;
      if (head !== undefined && head.order < (oldest?.[0]?.order ?? Infinity)) oldest = lane;
    }
    return oldest;
  }
}

export function bytesOf(events: readonly RoutedEvent[]): number {
  let bytes = 0;
  for (const { line } of events) bytes += Buffer.byteLength(line);
  return bytes;
}

function chunkOf(order: number, events: readonly RoutedEvent[]): Chunk {
  return { order, events, bytes: bytesOf(events) };
}

/** Parts of about `partBytes`, of at least one event. */
function inParts(events: readonly RoutedEvent[], partBytes: number): readonly Omit<Chunk, 'order'>[] {
  const parts: Omit<Chunk, 'order'>[] = [];
  let [start, bytes] = [0, 0];
  for (const [index, { line }] of events.entries()) {
    bytes += Buffer.byteLength(line);
    if (bytes < partBytes && index < events.length - 1) continue;
    parts.push({ events: events.slice(start, index + 1), bytes });
    [start, bytes] = [index + 1, 0];
  }
  return parts;
}
