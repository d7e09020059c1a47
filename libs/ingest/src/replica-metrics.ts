/** What an ingester measures of itself, not of one table: histograms here, because one a table would be too many series. */
import type { ErrorCode } from '@dstream/core';
import type { Metrics } from '@dstream/runtime';

export interface ReplicaMetrics {
  probed(probe: { tookMs: number; failed: boolean; captureLagMs: number | undefined }): void;
  page(tookMs: number): void;
  /** A batch was handed to the topic and all of it accepted. */
  sent(batch: { tookMs: number; changes: number; messages: number }): void;
  /** Everything sent since the start. */
  activity(): { readonly changes: number; readonly messages: number };
  /** An attempt to move a table failed. */
  failed(code: ErrorCode): void;
  /** A look at all leases; `seen` is undefined when it failed. */
  balanced(seen: { readonly tables: number; readonly instances: number } | undefined): void;
  owned(tables: number): void;
  acquired(): void;
  released(): void;
  lost(): void;
}

const durationBuckets = [0.005, 0.02, 0.05, 0.2, 0.5, 1, 5, 30, 120];
const lagBuckets = [0.5, 2, 5, 10, 20, 60, 300, 900, 3_600];

export function replicaMetrics(metrics: Metrics): ReplicaMetrics {
  return { ...sourceSide(metrics), ...leaseSide(metrics) };
}

function sourceSide(
  metrics: Metrics,
): Pick<ReplicaMetrics, 'probed' | 'page' | 'sent' | 'failed' | 'activity'> {
  const duration = (name: string, help: string) => metrics.histogram(name, help, [], durationBuckets);
  const probes = duration(
    'dstream_probe_duration_seconds',
    'Duration of a probe of all tables that are due, including failed probes.',
  );
  const probeFailures = metrics.counter('dstream_probe_failures_total', 'Probes that failed.', []);
  const captureLag = metrics.histogram(
    'dstream_capture_lag_seconds',
    'Time of the database server minus the newest captured commit, one observation per probe.',
    [],
    lagBuckets,
  );
  const pages = duration(
    'dstream_page_duration_seconds',
    'Time to read a page of changes, without the time its batches waited to be sent.',
  );
  const sends = duration(
    'dstream_send_duration_seconds',
    'Time from sending a batch until the topic accepted all of it.',
  );
  const sent = { changes: 0, messages: 0 };
  const failures = metrics.counter(
    'dstream_table_failures_total',
    'Failed attempts to read or send a table, by error code; faults and temporary errors.',
    ['code'],
  );
  return {
    probed: ({ tookMs, failed, captureLagMs }) => {
      probes.observe(tookMs / 1_000);
      if (failed) probeFailures.inc();
      if (captureLagMs !== undefined) captureLag.observe(captureLagMs / 1_000);
    },
    page: (tookMs) => pages.observe(tookMs / 1_000),
    sent: ({ tookMs, ...batch }) => {
      sends.observe(tookMs / 1_000);
      sent.changes += batch.changes;
      sent.messages += batch.messages;
    },
    activity: () => ({ ...sent }),
    failed: (code) => failures.inc({ code }),
  };
}

function leaseSide(
  metrics: Metrics,
): Pick<ReplicaMetrics, 'balanced' | 'owned' | 'acquired' | 'released' | 'lost'> {
  const counter = (name: string, help: string) => metrics.counter(name, help, []);
  const gauge = (name: string, help: string) => metrics.gauge(name, help, []);
  const passes = counter(
    'dstream_balancing_passes_total',
    'Balancing passes over all leases, including failed ones.',
  );
  const failures = counter(
    'dstream_balancing_failures_total',
    'Balancing passes over all leases that failed.',
  );
  const configured = gauge('dstream_tables_configured', 'Configured tables.');
  const live = gauge('dstream_ingesters_live', 'Ingesters that share the tables, including this one.');
  const owned = gauge('dstream_tables_owned', 'Tables owned by this replica.');
  const acquired = counter('dstream_leases_acquired_total', 'Leases acquired.');
  const released = counter('dstream_leases_released_total', 'Leases released.');
  const lost = counter('dstream_leases_lost_total', 'Leases lost (not released).');
  return {
    balanced: (seen) => {
      passes.inc();
      if (seen === undefined) {
        failures.inc();
        return;
      }
      configured.set(seen.tables);
      live.set(seen.instances);
    },
    owned: (tables) => owned.set(tables),
    acquired: () => acquired.inc(),
    released: () => released.inc(),
    lost: () => lost.inc(),
  };
}
