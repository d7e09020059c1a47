import type { Metrics } from '@dstream/runtime';

/** What a processor counts. */
export interface ProcessorMetrics {
  received(messages: number): void;
  repeated(changes: number): void;
  delivered(output: string, changes: number): void;
  /** Seconds from the commit of a change to its delivery. */
  latency(output: string, seconds: number): void;
  deadLettered(reason: string): void;
  sessions(held: number): void;
}

const latencyBuckets = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800];

export function processorMetrics(metrics: Metrics): ProcessorMetrics {
  const received = metrics.counter(
    'dstream_messages_received_total',
    'Messages taken from the subscription',
    [],
  );
  const repeated = metrics.counter('dstream_repeats_dropped_total', 'Changes recognised as repeats', []);
  const delivered = metrics.counter('dstream_changes_delivered_total', 'Changes accepted by an output', [
    'output',
  ]);
  const latency = metrics.histogram(
    'dstream_delivery_latency_seconds',
    'From commit to delivery',
    ['output'],
    latencyBuckets,
  );
  const dead = metrics.counter('dstream_messages_dead_lettered_total', 'Messages set aside', ['reason']);
  const sessions = metrics.gauge('dstream_sessions_held', 'Sessions this replica holds', []);
  return {
    received: (messages) => received.inc(messages),
    repeated: (changes) => repeated.inc(changes),
    delivered: (output, changes) => delivered.inc({ output }, changes),
    latency: (output, seconds) => latency.observe({ output }, seconds),
    deadLettered: (reason) => dead.inc({ reason }),
    sessions: (held) => sessions.set(held),
  };
}

export const noProcessorMetrics: ProcessorMetrics = {
  received: () => undefined,
  repeated: () => undefined,
  delivered: () => undefined,
  latency: () => undefined,
  deadLettered: () => undefined,
  sessions: () => undefined,
};
