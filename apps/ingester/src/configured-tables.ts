/** What the configuration says of tables, in the words of source and core. */
import type { IngesterConfig, TableConfig } from '@dstream/config';
import { byTable, type Ordering } from '@dstream/core';
import type { TableSettings } from '@dstream/sqlserver';

export function tableSettings({ name, pollIntervalMs, maxPollIntervalMs }: TableConfig): TableSettings {
  const table = 'pattern' in name ? name.pattern : name.table;
  return { schema: name.schema, table, pollIntervalMs, maxPollIntervalMs };
}

export function orderingOf({ ordering, keySessions }: IngesterConfig): Ordering {
  return ordering === 'key' ? { by: 'key', sessions: keySessions } : byTable;
}
