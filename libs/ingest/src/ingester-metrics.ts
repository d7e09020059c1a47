/** The metrics of an ingester. What each means to an operator, and what to watch, is in `config/METRICS.md`. */
import type { Clock, EncodedChange, PartitionId, SourceObserver } from '@dstream/core';
import type { Metrics, Sample } from '@dstream/runtime';
import { PartitionMeter, type Ownership, type PartitionFault } from './partition-meter.ts';

/** Messages of one partition that the topic accepted. */
export interface SentBatch {
  /** In the order in which they were read. */
  readonly changes: readonly EncodedChange[];
  readonly messages: readonly { readonly bodyBytes: number }[];
  /** From handing them to the topic until all were accepted. */
  readonly tookMs: number;
}

/** Few, because every partition has its own: from what a test sees, over capture's 5 s and 20 s, to an hour's outage. */
const latencyBuckets = [0.5, 2, 5, 10, 30, 300, 3_600];
const durationBuckets = [0.005, 0.02, 0.05, 0.2, 0.5, 1, 5, 30, 120];
const captureLagBuckets = [0.5, 2, 5, 10, 20, 60, 300, 900, 3_600];

/**
 * The metrics of a process: those of the replica are counted when something happens, those of its partitions are read from their meters
 * at a scrape. One a process, through all restarts of its ingester.
 */
export class IngesterMetrics {
  /** Metrics of the replica. */
  readonly replica: ReplicaMetrics;
  /** Given to the source. Partitions that are not owned here are not measured. */
  readonly source: SourceObserver;
  readonly #clock: Clock;
  /** The meters of the partitions owned now: the series of any other are gone. */
  readonly #meters = new Map<PartitionId, PartitionMeter>();
  readonly #latency: ReturnType<Metrics['histogram']>;
  readonly #sent = { changes: 0, messages: 0 };
  #blocked: () => Iterable<PartitionFault> = () => [];

  constructor(metrics: Metrics, clock: Clock) {
    this.#clock = clock;
    this.replica = registerReplica(metrics);
    this.source = observer(this.replica, this.#meters);
    this.#latency = metrics.histogram(
      'dstream_ingest_latency_seconds',
      'From commit to acceptance by the topic; one observation per batch, for its oldest change.',
      ['table'],
      latencyBuckets,
    );
    registerPartitions(metrics, this.#meters);
    metrics.gaugeOf(
      'dstream_table_fault',
      '1 while the table is stopped by a fault.',
      ['table', 'code'],
      () => [...faults(this.#meters.values()), ...faults(this.#blocked())],
    );
  }

  /** The partition is owned from now on: its series begin. @param ownership asked at every scrape */
  owns(partition: PartitionId, ownership: () => Ownership): PartitionMeter {
    const meter = new PartitionMeter(partition, ownership, this.#clock);
    this.#meters.set(partition, meter);
    return meter;
  }

  /** The partition is no longer owned: its series end. */
  left(meter: PartitionMeter): void {
    if (this.#meters.get(meter.partition) !== meter) return;
    this.#meters.delete(meter.partition);
    this.#latency.remove({ table: meter.name });
  }

  /** Called at a scrape for the partitions that nobody can own. Set by every life of an ingester. */
  set blocked(ask: () => Iterable<PartitionFault>) {
    this.#blocked = ask;
  }

  /** The topic accepted a batch of the partition, all of it. */
  sent(meter: PartitionMeter, { changes, messages, tookMs }: SentBatch): void {
    this.replica.sends.observe(tookMs / 1_000);
    this.#sent.changes += changes.length;
    this.#sent.messages += messages.length;
    const latencyMs = meter.sent(changes, messages);
    if (latencyMs !== undefined) this.#latency.observe({ table: meter.name }, latencyMs / 1_000);
  }

  /** Everything sent since the start. */
  activity(): { readonly changes: number; readonly messages: number } {
    return { ...this.#sent };
  }
}

/** Metrics of the replica: histograms here, because one a table would be too many series. */
export type ReplicaMetrics = ReturnType<typeof registerReplica>;

function registerReplica(metrics: Metrics) {
  const counter = (name: string, help: string) => metrics.counter(name, help, []);
  const gauge = (name: string, help: string) => metrics.gauge(name, help, []);
  const histogram = (name: string, help: string, buckets = durationBuckets) =>
    metrics.histogram(name, help, [], buckets);
  return {
    probes: histogram(
      'dstream_probe_duration_seconds',
      'Duration of a probe of all tables that are due, including failed probes.',
    ),
    probeFailures: counter('dstream_probe_failures_total', 'Probes that failed.'),
    captureLag: histogram(
      'dstream_capture_lag_seconds',
      'Time of the database server minus the newest captured commit, one observation per probe.',
      captureLagBuckets,
    ),
    pages: histogram(
      'dstream_page_duration_seconds',
      'Time to read a page of changes, without the time its batches waited to be sent.',
    ),
    sends: histogram(
      'dstream_send_duration_seconds',
      'Time from sending a batch until the topic accepted all of it.',
    ),
    tableFailures: metrics.counter(
      'dstream_table_failures_total',
      'Failed attempts to read or send a table, by error code; faults and temporary errors.',
      ['code'],
    ),
    balancings: counter(
      'dstream_balancing_passes_total',
      'Balancing passes over all leases, including failed ones.',
    ),
    balancingFailures: counter(
      'dstream_balancing_failures_total',
      'Balancing passes over all leases that failed.',
    ),
    tablesConfigured: gauge('dstream_tables_configured', 'Configured tables.'),
    ingestersLive: gauge('dstream_ingesters_live', 'Ingesters that share the tables, including this one.'),
    tablesOwned: gauge('dstream_tables_owned', 'Tables owned by this replica.'),
    leasesAcquired: counter('dstream_leases_acquired_total', 'Leases acquired.'),
    leasesReleased: counter('dstream_leases_released_total', 'Leases released.'),
    leasesLost: counter('dstream_leases_lost_total', 'Leases lost (not released).'),
  };
}

function observer(replica: ReplicaMetrics, meters: ReadonlyMap<PartitionId, PartitionMeter>): SourceObserver {
  return {
    probed: ({ tookMs, failed, captureLagMs }) => {
      replica.probes.observe(tookMs / 1_000);
      if (failed) replica.probeFailures.inc();
      if (captureLagMs !== undefined) replica.captureLag.observe(captureLagMs / 1_000);
    },
    progressed: (partition, times) => meters.get(partition)?.progressed(times),
    read: (partition, { tookMs, rows, bytes }) => {
      replica.pages.observe(tookMs / 1_000);
      const meter = meters.get(partition);
      if (meter === undefined) return;
      meter.rowsRead += rows;
      meter.bytesRead += bytes;
    },
    waits: (partition, ms) => {
      const meter = meters.get(partition);
      if (meter !== undefined) meter.pollIntervalMs = ms;
    },
  };
}

/** Name, help and value of a metric of every owned partition. Without a value, it has no such series. */
type PartitionMetric = readonly [
  name: string,
  help: string,
  value: (meter: PartitionMeter) => number | undefined,
];

const partitionCounters: readonly PartitionMetric[] = [
  [
    'dstream_rows_read_total',
    'Rows read from change tables. An update is two rows; rows that are read again count again.',
    ({ rowsRead }) => rowsRead,
  ],
  ['dstream_read_bytes_total', 'Approximate size in memory of the rows read.', ({ bytesRead }) => bytesRead],
  ['dstream_changes_sent_total', 'Changes accepted by the topic.', ({ changesSent }) => changesSent],
  ['dstream_messages_sent_total', 'Messages accepted by the topic.', ({ messagesSent }) => messagesSent],
  [
    'dstream_sent_bytes_total',
    'Size of the bodies of messages accepted by the topic.',
    ({ bytesSent }) => bytesSent,
  ],
  [
    'dstream_table_gaps_total',
    'Gaps in the history of the table that were skipped, each with a gap event.',
    ({ gapsSkipped }) => gapsSkipped,
  ],
];

const partitionGauges: readonly PartitionMetric[] = [
  [
    'dstream_table_lag_seconds',
    'From commit to acceptance by the topic: of the oldest change that is read and not sent, else of the last one sent; 0 once all was sent.',
    ({ lagMs }) => seconds(lagMs),
  ],
  [
    'dstream_table_capture_lag_seconds',
    "Time of the database server minus the newest captured commit, at the table's last probe.",
    ({ times }) => seconds(times.captureLagMs),
  ],
  [
    'dstream_table_position_timestamp_seconds',
    'Commit time of the last transaction read, or of the newest captured one when everything is read.',
    ({ times }) => seconds(times.positionAtMs),
  ],
  [
    'dstream_table_retention_headroom_seconds',
    'Distance from the oldest change that cleanup has kept to the last change read, at the last probe.',
    ({ times: { positionAtMs, historyFromMs } }) =>
      positionAtMs === undefined || historyFromMs === undefined
        ? undefined
        : seconds(positionAtMs - historyFromMs),
  ],
  [
    'dstream_table_checkpoint_age_seconds',
    'How long the stored checkpoint has been behind what the topic accepted; 0 while it is up to date.',
    ({ checkpointAgeMs }) => seconds(checkpointAgeMs),
  ],
  [
    'dstream_table_poll_interval_seconds',
    'Current poll interval of the table.',
    ({ pollIntervalMs }) => seconds(pollIntervalMs),
  ],
  [
    'dstream_table_failures_in_row',
    'Consecutive failed attempts to read or send the table.',
    ({ failuresInRow }) => failuresInRow,
  ],
  [
    'dstream_table_epoch',
    "Epoch of the table's lease; it grows with every change of owner.",
    ({ epoch }) => epoch,
  ],
  [
    'dstream_table_lease_remaining_seconds',
    'Remaining time in which this replica can prove that it owns the table, minus a safety margin.',
    ({ leaseRemainingMs }) => seconds(leaseRemainingMs),
  ],
];

/** Registers what is read from the meters at a scrape. Their label is `table`: of SQL Server a partition is one. */
function registerPartitions(metrics: Metrics, meters: ReadonlyMap<PartitionId, PartitionMeter>): void {
  const samplesOf = (value: PartitionMetric[2]) => () => samples(meters.values(), value);
  for (const [name, help, value] of partitionCounters)
    metrics.counterOf(name, help, ['table'], samplesOf(value));
  for (const [name, help, value] of partitionGauges) metrics.gaugeOf(name, help, ['table'], samplesOf(value));
}

function* samples(meters: Iterable<PartitionMeter>, value: PartitionMetric[2]): Generator<Sample<'table'>> {
  for (const meter of meters) {
    const known = value(meter);
    if (known !== undefined) yield { labels: { table: meter.name }, value: known };
  }
}

function* faults(partitions: Iterable<PartitionFault>): Generator<Sample<'table' | 'code'>> {
  for (const { name, fault } of partitions)
    if (fault !== undefined) yield { labels: { table: name, code: fault.code }, value: 1 };
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}
