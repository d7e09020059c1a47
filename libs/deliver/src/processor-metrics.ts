/** The metrics of a processor. README.md has their table, and a test compares it with what is registered here. */
import type { Metrics } from '@dstream/runtime';

const dropReasons = ['buffer_full', 'refused', 'closed', 'stopping'] as const;

/** Why a change never reached an output that is not required. */
export type DropReason = (typeof dropReasons)[number];

const transformOutcomes = ['unchanged', 'changed', 'dropped', 'failed'] as const;

/** What became of a change in a transform. */
export type TransformOutcome = (typeof transformOutcomes)[number];

/** Those of one transform: what `transformMetrics` makes for its name. */
export type TransformMetrics = ReturnType<ProcessorMetrics['transform']>;

/** Why a message is dead-lettered. */
const deadLetterReasons = ['MalformedMessage', 'TransformFailed', 'NotDelivered'] as const;

/** A word that operators filter dead letters by. */
export type DeadLetterReason = (typeof deadLetterReasons)[number];

/** What becomes of a replayed message. */
const replayOutcomes = ['delivered', 'dead_lettered', 'skipped'] as const;

/** Instruments of a processor, registered once for a process. */
export type ProcessorMetrics = ReturnType<typeof processorMetrics>;

/** Those of one output: what `outputMetrics` makes for its name. */
export type OutputMetrics = ReturnType<ProcessorMetrics['output']>;

const latencyBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];
const callBuckets = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

/** Registers every metric of a processor. To be called once for a registry. */
export function processorMetrics(metrics: Metrics) {
  const count = (name: string, help: string) => metrics.counter(name, help, []);
  const instruments = {
    received: count('dstream_messages_received_total', 'Messages received from the subscription.'),
    completed: count(
      'dstream_messages_completed_total',
      'Messages completed: every required output has their changes.',
    ),
    deadLettered: metrics.counter('dstream_messages_dead_lettered_total', 'Messages dead-lettered.', [
      'reason',
    ]),
    repeated: count(
      'dstream_repeats_dropped_total',
      'Changes dropped as repeats, because they were settled before.',
    ),
    outdated: count(
      'dstream_changes_outdated_total',
      'Changes that were never delivered and are dropped, because their session has settled a newer generation.',
    ),
    unreadable: count(
      'dstream_changes_unreadable_total',
      'Changes that could not be read; their message is dead-lettered.',
    ),
    settleSeconds: metrics.histogram(
      'dstream_settle_duration_seconds',
      'Time until the broker had accepted the outcomes of one step of a session.',
      [],
      callBuckets,
    ),
    sessions: metrics.gauge('dstream_sessions_held', 'Sessions held by this replica.', []),
    sessionsWaiting: metrics.gauge(
      'dstream_sessions_waiting',
      'Sessions held by this replica that wait for an output, and do not count against max_sessions.',
      [],
    ),
    sessionsLost: count(
      'dstream_sessions_lost_total',
      'Sessions whose lock was lost while this replica held them.',
    ),
    stateSaves: count(
      'dstream_session_state_saves_total',
      'Saves of the progress of a session in its state.',
    ),
    missingMessages: metrics.counter(
      'dstream_holes_total',
      'Messages that arrived although an earlier message of their session, accepted by the topic, had not.',
      ['certainty'],
    ),
    unrouted: count(
      'dstream_changes_unrouted_total',
      'Changes that went to no output, because a route or default_outputs names none for them.',
    ),
    replayed: metrics.counter(
      'dstream_messages_replayed_total',
      'Messages that were replayed from the dead-letter queue and are settled.',
      ['outcome'],
    ),
    output: outputMetrics(metrics),
    transform: transformMetrics(metrics),
  };
  for (const reason of deadLetterReasons) instruments.deadLettered.inc({ reason }, 0);
  for (const certainty of ['certain', 'possible']) instruments.missingMessages.inc({ certainty }, 0);
  for (const outcome of replayOutcomes) instruments.replayed.inc({ outcome }, 0);
  return instruments;
}

/** Series of a transform begin at 0 when it is made. */
function transformMetrics(metrics: Metrics) {
  const changes = metrics.counter(
    'dstream_transform_changes_total',
    'Changes that a transform was given, by what became of them.',
    ['transform', 'outcome'],
  );
  const seconds = metrics.histogram(
    'dstream_transform_duration_seconds',
    'Duration of one call of a transform, which takes the changes of one session at a time.',
    ['transform'],
    callBuckets,
  );
  return (transform: string) => {
    for (const outcome of transformOutcomes) changes.inc({ transform, outcome }, 0);
    return {
      seconds: seconds.labels({ transform }),
      changes: (outcome: TransformOutcome, count: number) => changes.inc({ transform, outcome }, count),
    };
  };
}

/** Series of an output begin at 0 when it is made: a rate is then right from the first change on. */
function outputMetrics(metrics: Metrics) {
  const label = ['output'] as const;
  const delivered = metrics.counter(
    'dstream_changes_delivered_total',
    'Changes accepted by an output.',
    label,
  );
  const deadLettered = metrics.counter(
    'dstream_changes_dead_lettered_total',
    'Changes that a required output refused permanently; their message is dead-lettered.',
    label,
  );
  const dropped = metrics.counter(
    'dstream_changes_dropped_total',
    'Changes that an output with required = false did not get.',
    ['output', 'reason'],
  );
  const failures = metrics.counter(
    'dstream_publish_failures_total',
    'Failed attempts to publish, by error code.',
    ['output', 'reason'],
  );
  const up = metrics.gauge(
    'dstream_output_up',
    '1 while the output is reachable and no attempt is failing, else 0.',
    label,
  );
  const breaker = metrics.gauge(
    'dstream_output_breaker_state',
    'Circuit breaker of an output: 0 closed, 1 half-open (one session tries), 2 open (sessions wait).',
    label,
  );
  const waitingChanges = metrics.gauge(
    'dstream_output_waiting_changes',
    'Changes that an output has not accepted yet.',
    label,
  );
  const waitingBytes = metrics.gauge(
    'dstream_output_waiting_bytes',
    'Size, as lines of JSON, of the changes that an output has not accepted yet.',
    label,
  );
  const latencySeconds = metrics.histogram(
    'dstream_delivery_latency_seconds',
    'Time from the commit of a change to its delivery; replayed changes are left out.',
    label,
    latencyBuckets,
  );
  const publishSeconds = metrics.histogram(
    'dstream_publish_duration_seconds',
    'Duration of a successful attempt to publish.',
    label,
    callBuckets,
  );
  return (output: string) => {
    const of = { output };
    for (const counter of [delivered, deadLettered]) counter.inc(of, 0);
    for (const reason of dropReasons) dropped.inc({ output, reason }, 0);
    return {
      delivered: delivered.labels(of),
      deadLettered: deadLettered.labels(of),
      up: up.labels(of),
      breaker: breaker.labels(of),
      waitingChanges: waitingChanges.labels(of),
      waitingBytes: waitingBytes.labels(of),
      latencySeconds: latencySeconds.labels(of),
      publishSeconds: publishSeconds.labels(of),
      dropped: (reason: DropReason, changes: number) => dropped.inc({ output, reason }, changes),
      failed: (reason: string) => failures.inc({ output, reason }),
    };
  };
}
