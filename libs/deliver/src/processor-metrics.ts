/** What a processor counts. README.md has the table, and a test compares it with what is registered here. */
import type { Metrics } from '@dstream/runtime';

const dropReasons = ['buffer_full', 'refused', 'closed', 'stopping'] as const;

/** Why a change never reached an output that is not required. */
export type DropReason = (typeof dropReasons)[number];

/** Of one output. Counts are of changes. */
export interface OutputMetrics {
  delivered(changes: number): void;
  /** Seconds from the commit of a change to its delivery. */
  latency(seconds: number): void;
  /** Seconds of one attempt that succeeded. */
  published(seconds: number): void;
  /** An attempt that failed. */
  failed(code: string): void;
  waiting(changes: number, bytes: number): void;
  dropped(reason: DropReason, changes: number): void;
  deadLettered(changes: number): void;
  up(isUp: boolean): void;
}

export interface ProcessorMetrics {
  received(messages: number): void;
  completed(messages: number): void;
  deadLettered(reason: string): void;
  repeated(changes: number): void;
  /** Of those: they never came, and a newer generation did. */
  outdated(changes: number): void;
  unreadable(changes: number): void;
  /** Seconds until the broker had taken the outcomes of one step. */
  settled(seconds: number): void;
  sessions(held: number): void;
  sessionLost(): void;
  stateSaved(): void;
  /** A message follows changes that never came. */
  hole(certain: boolean): void;
  /** Called once for each output. */
  output(name: string): OutputMetrics;
}

const latencyBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const callBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

export function processorMetrics(metrics: Metrics): ProcessorMetrics {
  const count = (name: string, help: string) => metrics.counter(name, help, []);
  const received = count('dstream_messages_received_total', 'Messages received from the subscription.');
  const completed = count(
    'dstream_messages_completed_total',
    'Messages completed: every required output has their changes.',
  );
  const dead = metrics.counter('dstream_messages_dead_lettered_total', 'Messages dead-lettered.', ['reason']);
  const repeated = count(
    'dstream_repeats_dropped_total',
    'Changes dropped as repeats, because they were settled before.',
  );
  const outdated = count(
    'dstream_changes_outdated_total',
    'Changes that were never delivered and are dropped, because their session has settled a newer generation.',
  );
  const unreadable = count(
    'dstream_changes_unreadable_total',
    'Changes that could not be read; their message is dead-lettered.',
  );
  const settled = metrics.histogram(
    'dstream_settle_duration_seconds',
    'Time until the broker had accepted the outcomes of one step of a session.',
    [],
    callBuckets,
  );
  const sessions = metrics.gauge('dstream_sessions_held', 'Sessions held by this replica.', []);
  const lost = count(
    'dstream_sessions_lost_total',
    'Sessions whose lock was lost while this replica held them.',
  );
  const saved = count(
    'dstream_session_state_saves_total',
    'Saves of the progress of a session in its state.',
  );
  const holes = metrics.counter(
    'dstream_holes_total',
    'Messages that followed changes which the topic had accepted and which never arrived.',
    ['certainty'],
  );
  for (const certainty of ['certain', 'possible']) holes.inc({ certainty }, 0);
  return {
    received: (messages) => received.inc(messages),
    completed: (messages) => completed.inc(messages),
    deadLettered: (reason) => dead.inc({ reason }),
    repeated: (changes) => repeated.inc(changes),
    outdated: (changes) => outdated.inc(changes),
    unreadable: (changes) => unreadable.inc(changes),
    settled: (seconds) => settled.observe(seconds),
    sessions: (held) => sessions.set(held),
    sessionLost: () => lost.inc(),
    stateSaved: () => saved.inc(),
    hole: (certain) => holes.inc({ certainty: certain ? 'certain' : 'possible' }),
    output: outputMetrics(metrics),
  };
}

/** Series of an output begin at 0 when it is made: a rate is then right from the first change on. */
function outputMetrics(metrics: Metrics): (output: string) => OutputMetrics {
  const label = ['output'] as const;
  const delivered = metrics.counter(
    'dstream_changes_delivered_total',
    'Changes accepted by an output.',
    label,
  );
  const dead = metrics.counter(
    'dstream_changes_dead_lettered_total',
    'Changes that a required output refused permanently; their message is dead-lettered.',
    label,
  );
  const dropped = metrics.counter(
    'dstream_changes_dropped_total',
    'Changes that an output with required = false did not get.',
    ['output', 'reason'],
  );
  const failed = metrics.counter(
    'dstream_publish_failures_total',
    'Failed attempts to publish, by error code.',
    ['output', 'reason'],
  );
  const up = metrics.gauge(
    'dstream_output_up',
    '1 while the output is reachable and no attempt is failing, else 0.',
    label,
  );
  const changes = metrics.gauge(
    'dstream_output_waiting_changes',
    'Changes that an output has not accepted yet.',
    label,
  );
  const bytes = metrics.gauge(
    'dstream_output_waiting_bytes',
    'Size, as lines of JSON, of the changes that an output has not accepted yet.',
    label,
  );
  const latency = metrics.histogram(
    'dstream_delivery_latency_seconds',
    'Time from the commit of a change to its delivery.',
    label,
    latencyBuckets,
  );
  const duration = metrics.histogram(
    'dstream_publish_duration_seconds',
    'Duration of a successful attempt to publish.',
    label,
    callBuckets,
  );
  return (output) => {
    const of = { output };
    for (const counter of [delivered, dead]) counter.inc(of, 0);
    for (const reason of dropReasons) dropped.inc({ output, reason }, 0);
    const [observeLatency, observeDuration] = [latency.labels(of), duration.labels(of)];
    return {
      delivered: (n) => delivered.inc(of, n),
      latency: (seconds) => observeLatency.observe(seconds),
      published: (seconds) => observeDuration.observe(seconds),
      failed: (reason) => failed.inc({ output, reason }),
      waiting: (n, size) => {
        changes.set(of, n);
        bytes.set(of, size);
      },
      dropped: (reason, n) => dropped.inc({ output, reason }, n),
      deadLettered: (n) => dead.inc(of, n),
      up: (isUp) => up.set(of, isUp ? 1 : 0),
    };
  };
}
