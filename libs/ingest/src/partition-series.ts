/** The metrics of a partition that are read from its meter at a scrape. Their label is `table`, as ever. */
import type { Clock } from '@dstream/core';
import type { Metrics, Sample } from '@dstream/runtime';
import type { PartitionMeter } from './partition-meter.ts';

interface Now {
  readonly wallMs: number;
  readonly monotonicMs: number;
}

interface PartitionSeries {
  readonly name: string;
  readonly help: string;
  /** Undefined while it is not known: then the partition has no such series. */
  readonly value: (meter: PartitionMeter, now: Now) => number | undefined;
}

const counters: readonly PartitionSeries[] = [
  {
    name: 'dstream_rows_read_total',
    help: 'Rows read from change tables. An update is two rows; rows that are read again count again.',
    value: ({ rowsRead }) => rowsRead,
  },
  {
    name: 'dstream_read_bytes_total',
    help: 'Approximate size in memory of the rows read.',
    value: ({ bytesRead }) => bytesRead,
  },
  {
    name: 'dstream_changes_sent_total',
    help: 'Changes accepted by the topic.',
    value: ({ changesSent }) => changesSent,
  },
  {
    name: 'dstream_messages_sent_total',
    help: 'Messages accepted by the topic.',
    value: ({ messagesSent }) => messagesSent,
  },
  {
    name: 'dstream_table_gaps_total',
    help: 'Gaps in the history of the table that were skipped, each with a gap event.',
    value: ({ gapsSkipped }) => gapsSkipped,
  },
  {
    name: 'dstream_sent_bytes_total',
    help: 'Size of the bodies of messages accepted by the topic.',
    value: ({ bytesSent }) => bytesSent,
  },
];

const gauges: readonly PartitionSeries[] = [
  {
    name: 'dstream_table_lag_seconds',
    help: 'From commit to acceptance by the topic: of the oldest change that is read and not sent, else of the last one sent; 0 once all was sent.',
    value: (meter, { wallMs }) => seconds(meter.lagMs(wallMs)),
  },
  {
    name: 'dstream_table_capture_lag_seconds',
    help: "Time of the database server minus the newest captured commit, at the table's last probe.",
    value: ({ standing }) => seconds(standing.captureLagMs),
  },
  {
    name: 'dstream_table_position_timestamp_seconds',
    help: 'Commit time of the last transaction read, or of the newest captured one when everything is read.',
    value: ({ standing }) => seconds(standing.positionAtMs),
  },
  {
    name: 'dstream_table_retention_headroom_seconds',
    help: 'Distance from the oldest change that cleanup has kept to the last change read, at the last probe.',
    value: ({ standing: { positionAtMs, historyFromMs } }) =>
      positionAtMs === undefined || historyFromMs === undefined
        ? undefined
        : seconds(positionAtMs - historyFromMs),
  },
  {
    name: 'dstream_table_checkpoint_age_seconds',
    help: 'How long the stored checkpoint has been behind what the topic accepted; 0 while it is up to date.',
    value: ({ ownership }, { monotonicMs }) => {
      const since = ownership.checkpointBehindSinceMs();
      return since === undefined ? 0 : seconds(monotonicMs - since);
    },
  },
  {
    name: 'dstream_table_poll_interval_seconds',
    help: 'Current poll interval of the table.',
    value: ({ pollIntervalMs }) => seconds(pollIntervalMs),
  },
  {
    name: 'dstream_table_failures_in_row',
    help: 'Consecutive failed attempts to read or send the table.',
    value: ({ failuresInRow }) => failuresInRow,
  },
  {
    name: 'dstream_table_epoch',
    help: "Epoch of the table's lease; it grows with every change of owner.",
    value: ({ ownership }) => ownership.epoch,
  },
  {
    name: 'dstream_table_lease_remaining_seconds',
    help: 'Remaining time in which this replica can prove that it owns the table, minus a safety margin.',
    value: ({ ownership }, { monotonicMs }) =>
      seconds(Math.max(0, ownership.leaseGoodUntilMs() - monotonicMs)),
  },
];

/** The code of a partition's fault, if it has one. */
export interface PartitionFault {
  readonly name: string;
  readonly fault: string | undefined;
}

export interface SeenPartitions {
  /** Of the partitions owned now: what is gone from there is gone from the text. */
  readonly meters: () => Iterable<PartitionMeter>;
  /** Partitions that nobody can own. */
  readonly blocked: () => Iterable<PartitionFault>;
}

/** Registers them. */
export function registerPartitionSeries(
  metrics: Metrics,
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
  { meters, blocked }: SeenPartitions,
): void {
  const samplesOf = (value: PartitionSeries['value']) => () => samples(meters(), value, clock);
  for (const { name, help, value } of counters) metrics.counterOf(name, help, ['table'], samplesOf(value));
  for (const { name, help, value } of gauges) metrics.gaugeOf(name, help, ['table'], samplesOf(value));
  metrics.gaugeOf(
    'dstream_table_fault',
    '1 while the table is stopped by a fault.',
    ['table', 'code'],
    () => [...faults(meters()), ...faults(blocked())],
  );
}

function* faults(partitions: Iterable<PartitionFault>): Generator<Sample<'table' | 'code'>> {
  for (const { name, fault } of partitions)
    if (fault !== undefined) yield { labels: { table: name, code: fault }, value: 1 };
}

function* samples(
  meters: Iterable<PartitionMeter>,
  value: PartitionSeries['value'],
  clock: Pick<Clock, 'wallMs' | 'monotonicMs'>,
): Generator<Sample<'table'>> {
  const now = { wallMs: clock.wallMs(), monotonicMs: clock.monotonicMs() };
  for (const meter of meters) {
    const known = value(meter, now);
    if (known !== undefined) yield { labels: { table: meter.name }, value: known };
  }
}

function seconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : ms / 1_000;
}
