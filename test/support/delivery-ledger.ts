/** What each output must have got of the changes that were sent, in which order and with which content. */
import { isDeepStrictEqual } from 'node:util';
import type { StampedEvent } from '@dstream/core';

/** A change as an output must get it. */
export type DueChange = Pick<StampedEvent, 'data' | 'before' | 'metadata'>;

/** What of an output is not as it must be: ids, all empty when all is well. */
export interface LedgerDifferences {
  readonly missing: readonly string[];
  readonly unexpected: readonly string[];
  /** Behind a later change of their lane, repeats left out. */
  readonly outOfOrder: readonly string[];
  /** Arrived with another content than is due. */
  readonly changed: readonly string[];
}

/** In which order must hold at an output: by session (table) or by row. */
export type Lane = (event: DueChange) => string;

export class DeliveryLedger {
  readonly #due = new Map<string, Map<string, DueChange>>();

  /** To be called in the order of sending. @param outputs names of those that must get it */
  add(change: DueChange, outputs: readonly string[]): void {
    for (const output of outputs) {
      const due = this.#due.get(output) ?? new Map<string, DueChange>();
      this.#due.set(output, due.set(change.metadata.id, change));
    }
  }

  /** How many changes an output must have got. */
  due(output: string): number {
    return this.#due.get(output)?.size ?? 0;
  }

  /** @param lines of JSON, in the order of each lane */
  differences(output: string, lines: readonly string[], lane: Lane): LedgerDifferences {
    const due = this.#due.get(output) ?? new Map<string, DueChange>();
    const arrived = lines.map((line) => JSON.parse(line) as DueChange);
    const first = new Map<string, DueChange>();
    for (const change of arrived) if (!first.has(change.metadata.id)) first.set(change.metadata.id, change);
    return {
      missing: [...due.keys()].filter((id) => !first.has(id)),
      unexpected: [...first.keys()].filter((id) => !due.has(id)),
      outOfOrder: outOfOrder([...first.values()], [...due.keys()], lane),
      changed: arrived
        .filter((change) => due.has(change.metadata.id))
        .filter((change) => !isDeepStrictEqual(change, due.get(change.metadata.id)))
        .map(({ metadata }) => metadata.id),
    };
  }
}

function outOfOrder(arrived: readonly DueChange[], due: readonly string[], lane: Lane): readonly string[] {
  const places = new Map(due.map((id, place) => [id, place]));
  const last = new Map<string, number>();
  return arrived.flatMap((change) => {
    const [name, place] = [lane(change), places.get(change.metadata.id) ?? -1];
    const before = last.get(name) ?? -1;
    last.set(name, Math.max(before, place));
    return place < before ? [change.metadata.id] : [];
  });
}
