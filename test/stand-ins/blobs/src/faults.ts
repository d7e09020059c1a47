import type { BlobOperation, BlobRequest } from './operation.ts';

/** What happens to a request instead of, or before, being answered. */
export type BlobFaultAction =
  /** Answered with an error of the service; nothing is done. 503 `ServerBusy` unless said otherwise. */
  | { readonly kind: 'refuse'; readonly status?: number; readonly code?: string }
  /** Handled after `ms` milliseconds. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** The connection is cut; nothing is done. */
  | { readonly kind: 'drop' }
  /** The request is carried out and the connection is cut instead of the reply. */
  | { readonly kind: 'lose-reply' };

export interface BlobFault {
  readonly action: BlobFaultAction;
  /** Only requests of this kind; all of them without it. */
  readonly operation?: BlobOperation;
  /** Only requests whose container and blob name hold this text. */
  readonly path?: string;
  /** How many requests it meets; until it is removed without it. */
  readonly times?: number;
}

/** The faults in force. A request meets the oldest one that fits. */
export class BlobFaults {
  readonly #left = new Map<BlobFault, number>();

  /** Puts a fault in force; the function it returns ends it. */
  add(fault: BlobFault): () => void {
    const own = { ...fault };
    this.#left.set(own, fault.times ?? Infinity);
    return () => void this.#left.delete(own);
  }

  /** Ends all of them. */
  clear(): void {
    this.#left.clear();
  }

  /** What is to happen to this request; counts it against the fault. */
  take(request: BlobRequest): BlobFaultAction | undefined {
    for (const [fault, left] of this.#left) {
      if (!fits(fault, request)) continue;
      if (left <= 1) this.#left.delete(fault);
      else this.#left.set(fault, left - 1);
      return fault.action;
    }
    return undefined;
  }
}

function fits({ operation, path }: BlobFault, request: BlobRequest): boolean {
  return (
    (operation === undefined || operation === request.operation) &&
    (path === undefined || request.path.includes(path))
  );
}
