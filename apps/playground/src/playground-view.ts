import type { StatusDocument } from '@dstream/status';
import type { ArrivalCounts } from './arrivals.ts';
import type { ProcessView } from './replicas.ts';

/** How the playground stands at one moment. */
export interface PlaygroundView {
  /** Since the workload began to write, in milliseconds. */
  readonly elapsedMs: number;
  readonly paused: boolean;
  readonly stopping: boolean;
  readonly written: number;
  readonly counts: ArrivalCounts;
  /** From commit to console, of the last change. */
  readonly latencyMs: number;
  /** What the processes said last. */
  readonly status: StatusDocument;
  readonly processes: readonly ProcessView[];
}
