/** Everything that a configuration file may name. These are definitions only: what a type is made of is loaded when it is opened. */
import type { AdapterTypes } from '@dstream/config';
import { leaseStoreTypes } from '@dstream/leases';
import { outputTypes } from '@dstream/outputs';
import { queueTypes } from '@dstream/queues';
import { sourceTypes } from '@dstream/sources';

export const types: AdapterTypes = {
  sources: sourceTypes,
  queues: queueTypes,
  leases: leaseStoreTypes,
  outputs: outputTypes,
};
