import type { Clock } from '@dstream/core';
import { formatCount, type StatusDocument } from '@dstream/status';
import type { ArrivalCounts, Arrivals } from './arrivals.ts';
import type { LiveStatus } from './live-status.ts';
import type { ProcessView, Replicas, ReplicaState } from './replicas.ts';
import type { Workload } from './workload.ts';

/** The state of the playground at one moment. */
export interface PlaygroundView {
  /** Since the first changes had arrived at the console, in milliseconds; undefined before. */
  readonly elapsedMs: number | undefined;
  readonly paused: boolean;
  readonly stopping: boolean;
  readonly written: number;
  readonly counts: ArrivalCounts;
  /** From commit to console, of the last change since then. */
  readonly latencyMs: number | undefined;
  /** What the processes reported last. */
  readonly status: StatusDocument;
  readonly processes: readonly ProcessView[];
}

/** What the view is made of. */
export interface Viewed {
  readonly clock: Clock;
  readonly workload: Workload;
  readonly arrivals: Arrivals;
  readonly replicas: Replicas;
  readonly status: LiveStatus;
  /** Monotonic milliseconds. */
  readonly upSinceMs: number | undefined;
  readonly stop: AbortSignal;
}

/** Gathers the view. Called five times a second while somebody looks. */
export function viewOf(viewed: Viewed): PlaygroundView {
  const { clock, workload, arrivals, replicas, status, upSinceMs, stop } = viewed;
  return {
    elapsedMs: upSinceMs === undefined ? undefined : clock.monotonicMs() - upSinceMs,
    paused: workload.paused,
    stopping: stop.aborted,
    written: workload.written,
    counts: arrivals.counts,
    latencyMs: arrivals.lastLatencyMs,
    status: status.document,
    processes: replicas.states.map((state) => ({ ...state, does: whatItDoes(state, status) })),
  };
}

function whatItDoes({ instance, state }: ReplicaState, { document }: LiveStatus): string {
  if (state === 'killed' || state === 'starting') return '';
  const replica = document.replicas.find((one) => one.instance === instance);
  const delivered = document.outputs.find((output) => output.replica === instance)?.delivered ?? null;
  const parts = [
    ...(replica?.tables == null ? [] : [`owns ${counted(replica.tables, 'table')}`]),
    ...(replica?.sessions == null ? [] : [`holds ${counted(replica.sessions, 'session')}`]),
    ...(delivered === null ? [] : [`${formatCount(delivered)} delivered`]),
  ];
  return parts.join(', ');
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`;
