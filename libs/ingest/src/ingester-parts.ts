import type {
  ChangeSource,
  CheckpointStore,
  Clock,
  InstanceId,
  LeaseStore,
  Log,
  Ordering,
  PollIntervals,
  TableId,
  Topic,
} from '@dstream/core';
import type { IngesterMetrics } from './ingester-metrics.ts';

/** A connection to be made before the work begins. Rejects with `fatal` for what a person must mend. */
export interface Connectable {
  /** For the operator: `topic ingest-topic`. */
  readonly what: string;
  readonly connect: (signal: AbortSignal) => Promise<void>;
}

/** Everything an ingester is made of. Built in `compose.ts`, or by a test. */
export interface IngesterParts {
  readonly instance: InstanceId;
  readonly source: ChangeSource;
  readonly topic: Topic;
  readonly leases: LeaseStore;
  readonly checkpoints: CheckpointStore;
  readonly connections: readonly Connectable[];
  readonly clock: Clock;
  readonly log: Log;
  readonly random: () => number;
  readonly metrics: IngesterMetrics;
  readonly settings: IngesterSettings;
  /** Where this process serves `/status`, for its announcement. Asked when it announces itself. */
  readonly httpAddress: () => string | undefined;
}

export interface IngesterSettings {
  readonly leaseDurationMs: number;
  readonly checkpointIntervalMs: number;
  readonly checkpointIdleIntervalMs: number;
  readonly packMaxBytes: number;
  readonly packMaxChanges: number;
  readonly ordering: Ordering;
  readonly pollIntervals: (table: TableId) => PollIntervals;
  readonly hash: (text: string) => string;
}
