/** The configuration as settings of the engine and of a source. */
import type { IngesterConfig } from '@dstream/config';
import {
  byTable,
  type AdapterServices,
  type Ordering,
  type SourceObserver,
  type SourceServices,
} from '@dstream/core';

/** The ordering of the messages: within a table unless the file sets it by key. */
export function orderingOf({ ordering, keySessions }: IngesterConfig): Ordering {
  return ordering === 'key' ? { by: 'key', sessions: keySessions } : byTable;
}

/** Every batch becomes at least a message a session: with the usual 500 changes they would hold about 16 each. */
const batchByKey = { changes: 2_000, bytes: 4_194_304 };

/** What the configuration's source is opened with, for the ingester and for `plan`. */
export function sourceServices(
  config: IngesterConfig,
  services: AdapterServices,
  observer: SourceObserver,
): SourceServices {
  return {
    ...services,
    name: config.name,
    start: config.start,
    onGap: config.onGap === 'skip' ? 'skip' : 'stop',
    ...(config.ordering === 'key' && { batch: batchByKey }),
    observer,
  };
}
