import { decodeChange, type ChangeEvent, type ChangeSource, type PartitionId } from '@dstream/core';

/** A reader that goes on in the background, and what it has read so far. */
export class Following {
  readonly changes: ChangeEvent[] = [];
  /** When reading has ended; a rejection that nobody waits for is no failure. */
  readonly ended: Promise<void>;
  readonly #arrived = new EventTarget();

  constructor(source: ChangeSource, partition: PartitionId, stop: AbortSignal) {
    this.ended = this.#read(source, partition, stop);
    this.ended.catch(() => undefined);
  }

  async #read(source: ChangeSource, partition: PartitionId, stop: AbortSignal): Promise<void> {
    for await (const { changes } of source.read(partition, undefined, { signal: stop })) {
      this.changes.push(...changes.map(decodeChange));
      this.#arrived.dispatchEvent(new Event('changes'));
    }
  }

  /** Resolves once so many were read; rejects when reading ended before. */
  async has(count: number): Promise<void> {
    const missing = async (): Promise<void> => {
      while (this.changes.length < count)
        await new Promise((resolve) =>
          this.#arrived.addEventListener('changes', resolve, {
            once: true,
            signal: AbortSignal.timeout(20_000),
          }),
        );
    };
    await Promise.race([missing(), this.ended]);
    if (this.changes.length < count) throw new Error(`reading ended at ${this.changes.length} of ${count}`);
  }
}
