import type { Context } from '../schema/context.ts';
import type { LeaseStoreTypes } from './lease-store-type.ts';
import type { OutputTypes } from './output-type.ts';
import type { QueueTypes } from './queue-type.ts';
import type { SourceTypes } from './source-type.ts';

/** The types of everything that a file may name: the app hands them over, because this package knows none. */
export interface AdapterTypes {
  readonly sources: SourceTypes;
  readonly queues: QueueTypes;
  readonly leases: LeaseStoreTypes;
  readonly outputs: OutputTypes;
}

/** What reading one file shares, with the types that its blocks may name. */
export interface FileContext extends Context {
  readonly types: AdapterTypes;
}
