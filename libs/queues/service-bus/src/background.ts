import type { Log } from '@dstream/core';

/** Work that nobody waits for now, such as closing what was replaced: remembered until it is done, for disposal. */
export class Background {
  readonly #log: Log;
  readonly #entity: string;
  readonly #running = new Set<Promise<void>>();

  constructor({ log, entity }: { readonly log: Log; readonly entity: string }) {
    this.#log = log;
    this.#entity = entity;
  }

  /** What fails here is only worth a debug line: nothing depends on it any more. */
  keep(work: Promise<void>): void {
    const kept = work
      .catch((error: unknown) => this.#log.debug('closing failed', { entity: this.#entity, error }))
      .finally(() => this.#running.delete(kept));
    this.#running.add(kept);
  }

  /** Resolves when nothing runs any more. Never rejects. */
  async ended(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }
}
