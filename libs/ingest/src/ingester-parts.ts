import type {
  ChangeSource,
  CheckpointStore,
  Clock,
  Hash,
  InstanceId,
  LeaseStore,
  Log,
  Ordering,
  Topic,
} from '@dstream/core';
import type { IngesterMetrics } from './ingester-metrics.ts';

/** What an ingester connects to, as its log calls it. */
export interface ConnectionNames {
  /** `database` */
  readonly source: string;
  /** `topic ingest-topic` */
  readonly topic: string;
  /** `container locks` */
  readonly leases: string;
}

/** Everything an ingester is made of. Built in `compose.ts`, or by a test. */
export interface IngesterParts {
  readonly instance: InstanceId;
  readonly source: ChangeSource;
  readonly topic: Topic;
  readonly leases: LeaseStore;
  readonly checkpoints: CheckpointStore;
  readonly names: ConnectionNames;
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
  readonly hash: Hash;
}
