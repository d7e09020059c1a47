/** Faults of blob storage that last for a time, on top of those that `blobs/` meets request by request. */
import type { BlobFault, BlobFaultAction, Blobs } from '@dstream/stand-in-blobs';

export type BlobFaultScope = Omit<BlobFault, 'action'>;

export class BlobControls {
  readonly #blobs: Pick<Blobs, 'faults' | 'expireLeases'>;
  readonly #running = new Map<NodeJS.Timeout, () => void>();

  constructor(blobs: Pick<Blobs, 'faults' | 'expireLeases'>) {
    this.#blobs = blobs;
  }

  /** Requests are answered with 503 ServerBusy, or another error, for so many milliseconds; 0 ends all of that. */
  refuse(forMs: number, scope: BlobFaultScope = {}, error: { status?: number; code?: string } = {}): void {
    this.endTimed();
    if (forMs > 0) this.inject({ kind: 'refuse', ...error }, scope, forMs);
  }

  /** Until `forMs` have passed or `scope.times` requests have met it. */
  inject(action: BlobFaultAction, scope: BlobFaultScope = {}, forMs?: number): void {
    const end = this.#blobs.faults.add({ ...scope, action });
    if (forMs === undefined) return;
    const timer = setTimeout(() => {
      this.#running.delete(timer);
      end();
    }, forMs);
    this.#running.set(timer, end);
  }

  /** Frees leases as if their time had passed: their holders are refused from now on. Returns how many. */
  expireLeases(path?: string): number {
    return this.#blobs.expireLeases(path);
  }

  endTimed(): void {
    for (const [timer, end] of this.#running) {
      clearTimeout(timer);
      end();
    }
    this.#running.clear();
  }

  /** Ends every fault. */
  clear(): void {
    this.endTimed();
    this.#blobs.faults.clear();
  }
}
