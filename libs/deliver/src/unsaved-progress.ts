import { isNewer, type Progress } from '@dstream/core';

/**
 * How far sessions were delivered whose hold ended before that was saved: their lock was lost, or the state could not be
 * written. When this process takes such a session again it does not deliver the same changes again. Bounded; forgets
 * the session first that ended first.
 */
export class UnsavedProgress {
  readonly #max: number;
  readonly #sessions = new Map<string, Progress>();

  /** @param max sessions that are remembered */
  constructor(max: number) {
    this.#max = max;
  }

  /** To be called when a hold ends: `delivered` is its newest progress, `saved` what the session's state has. */
  remember(id: string, delivered: Progress | undefined, saved: Progress | undefined): void {
    this.#sessions.delete(id);
    if (delivered === undefined || !isNewer(delivered, saved)) return;
    this.#sessions.set(id, delivered);
    if (this.#sessions.size <= this.#max) return;
    const oldest = this.#sessions.keys().next();
    if (oldest.done !== true) this.#sessions.delete(oldest.value);
  }

  of(id: string): Progress | undefined {
    return this.#sessions.get(id);
  }
}
