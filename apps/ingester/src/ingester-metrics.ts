import type { Metrics } from '@dstream/runtime';

/** What an ingester counts. Labels hold table names only. */
export interface IngesterMetrics {
  sent(table: string, changes: number, messages: number, bytes: number): void;
  lag(table: string, seconds: number): void;
  owned(tables: number): void;
  /** The table is no longer owned here: what only its owner knows is not reported any more. */
  left(table: string): void;
  faulted(table: string, code: string | undefined): void;
}

export function ingesterMetrics(metrics: Metrics): IngesterMetrics {
  const changes = metrics.counter('dstream_changes_sent_total', 'Changes accepted by the topic', ['table']);
  const messages = metrics.counter('dstream_messages_sent_total', 'Messages accepted by the topic', [
    'table',
  ]);
  const bytes = metrics.counter('dstream_sent_bytes_total', 'Bytes of message bodies accepted', ['table']);
  const lag = metrics.gauge(
    'dstream_table_lag_seconds',
    'From commit to acceptance of the last change sent, 0 once all was sent',
    ['table'],
  );
  const owned = metrics.gauge('dstream_tables_owned', 'Tables this replica owns', []);
  const fault = metrics.gauge('dstream_table_fault', '1 while the table is stopped by a fault', [
    'table',
    'code',
  ]);
  const codes = new Map<string, string>();
  return {
    sent: (table, changeCount, messageCount, byteCount) => {
      changes.inc({ table }, changeCount);
      messages.inc({ table }, messageCount);
      bytes.inc({ table }, byteCount);
    },
    lag: (table, seconds) => lag.set({ table }, seconds),
    owned: (tables) => owned.set(tables),
    left: (table) => lag.remove({ table }),
    faulted: (table, code) => {
      const before = codes.get(table);
      if (before !== undefined) fault.remove({ table, code: before });
      codes.delete(table);
      if (code === undefined) return;
      codes.set(table, code);
      fault.set({ table, code }, 1);
    },
  };
}

export const noIngesterMetrics: IngesterMetrics = {
  sent: () => undefined,
  lag: () => undefined,
  owned: () => undefined,
  left: () => undefined,
  faulted: () => undefined,
};
