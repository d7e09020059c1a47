/**
 * Changes that wait for an output that is not required: in order for each key, a bounded number of bytes for all.
 *
 * When there is no room the oldest that wait are dropped, a quarter of the buffer at a time. The oldest, because then an
 * outage loses one stretch of time that ends where the buffer begins, and what the destination gets afterwards
 * is complete up to now; a quarter, so that a destination that is merely slow has few gaps instead of many. What is
 * being published at the moment stays: it may arrive.
 */
import type { DecodedChange } from './decode-message.ts';

interface Chunk {
  readonly order: number;
  readonly changes: readonly DecodedChange[];
  readonly bytes: number;
}

/** A bounded buffer of one output. */
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

  /** Bytes of all changes that wait or are being published, as lines of JSON. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Number of those changes. */
  get changes(): number {
    return this.#changes;
  }

  /** Keys of which something waits. */
  get keys(): readonly string[] {
    return [...this.#lanes.keys()];
  }

  /** Adds changes of one key. Returns what had to be dropped, oldest first. */
  add(key: string, changes: readonly DecodedChange[]): readonly DecodedChange[] {
    const lane = this.#lanes.get(key) ?? [];
    this.#lanes.set(key, lane);
    for (const part of inParts(changes, this.#capacityBytes / 16)) {
      this.#order += 1;
      lane.push({ order: this.#order, ...part });
      this.#bytes += part.bytes;
    }
    this.#changes += changes.length;
    return this.#bytes <= this.#capacityBytes ? [] : this.#makeRoom();
  }

  /**
   * The next changes of a key, at most so many and about so many bytes, but at least one; empty when none waits. They
   * stay in the buffer's count until `settle`.
   */
  take(key: string, maxBytes: number, maxEvents: number): readonly DecodedChange[] {
    const lane = this.#lanes.get(key) ?? [];
    const [first] = lane;
    if (first === undefined) {
      this.#lanes.delete(key);
      return [];
    }
    let [count, bytes, changes] = [0, 0, 0];
    for (const chunk of lane) {
      if (count > 0 && (bytes + chunk.bytes > maxBytes || changes + chunk.changes.length > maxEvents)) break;
      [count, bytes, changes] = [count + 1, bytes + chunk.bytes, changes + chunk.changes.length];
    }
    const chunks = lane.splice(0, count);
    const all = chunks.length === 1 ? first.changes : chunks.flatMap((chunk) => chunk.changes);
    const wanted = all.slice(0, maxEvents);
    if (wanted.length < all.length) lane.unshift(chunkOf(first.order, all.slice(maxEvents)));
    this.#taken.set(key, chunkOf(first.order, wanted));
    return wanted;
  }

  /** Ends the last `take` of a key: `again` returns to the front of its lane, the rest leaves the buffer. */
  settle(key: string, again: readonly DecodedChange[]): void {
    const taken = this.#taken.get(key);
    if (taken === undefined) return;
    this.#taken.delete(key);
    const kept = chunkOf(taken.order, again);
    this.#bytes -= taken.bytes - kept.bytes;
    this.#changes -= taken.changes.length - again.length;
    if (again.length > 0) this.#lanes.get(key)?.unshift(kept);
    else if (this.#lanes.get(key)?.length === 0) this.#lanes.delete(key);
  }

  /** Empties the lane of a key, or all. Returns what waited, and what was being published. */
  clear(key?: string): readonly DecodedChange[] {
    const keys = key === undefined ? [...new Set([...this.#taken.keys(), ...this.#lanes.keys()])] : [key];
    return keys.flatMap((each) => {
      const taken = this.#taken.get(each);
      const chunks = [...(taken === undefined ? [] : [taken]), ...(this.#lanes.get(each) ?? [])];
      this.#taken.delete(each);
      this.#lanes.delete(each);
      return chunks.flatMap((chunk) => this.#gone(chunk));
    });
  }

  #makeRoom(): readonly DecodedChange[] {
    const dropped: DecodedChange[] = [];
    while (this.#bytes > this.#capacityBytes * 0.75) {
      const oldest = this.#oldestLane()?.shift();
      if (oldest === undefined) break;
      for (const event of this.#gone(oldest)) dropped.push(event);
    }
    return dropped;
  }

  #gone(chunk: Chunk): readonly DecodedChange[] {
    this.#bytes -= chunk.bytes;
    this.#changes -= chunk.changes.length;
    return chunk.changes;
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

function bytesOf(changes: readonly DecodedChange[]): number {
  let bytes = 0;
  for (const change of changes) bytes += change.line.length;
  return bytes;
}

function chunkOf(order: number, changes: readonly DecodedChange[]): Chunk {
  return { order, changes, bytes: bytesOf(changes) };
}

/** Parts of about `partBytes`, of at least one event. */
function inParts(changes: readonly DecodedChange[], partBytes: number): readonly Omit<Chunk, 'order'>[] {
  const parts: Omit<Chunk, 'order'>[] = [];
  let [start, bytes] = [0, 0];
  for (const [index, change] of changes.entries()) {
    bytes += change.line.length;
    if (bytes < partBytes && index < changes.length - 1) continue;
    parts.push({ changes: changes.slice(start, index + 1), bytes });
    [start, bytes] = [index + 1, 0];
  }
  return parts;
}
