/** The blocks of the ingester about leases and checkpoints: `locks` names the store, `lease` and `checkpoint` their times. */
import type { AdapterTypes, FileContext } from '../definitions/adapter-types.ts';
import {
  checksOnceSet,
  onceSet,
  readTypedBlock,
  schemasOf,
  type TypedBlock,
} from '../definitions/block-type.ts';
import type { LeaseStoreType } from '../definitions/lease-store-type.ts';
import { canonicalPath } from '../schema/context.ts';
import { child, withDefault, type BlockSchema, type ChildSchema, type Reading } from '../schema/schema.ts';
import type { BlockNode, Place } from '../text/hcl-document.ts';
import { duration, wholeSeconds } from '../values/scalars.ts';
import type { CheckpointConfig, LeaseConfig, LocksConfig } from './configuration.ts';

function locksBlock({ leases }: AdapterTypes): TypedBlock<LeaseStoreType> {
  return { block: 'locks', types: leases, typeDoc: 'Type of lease store.', hasDefault: true, commonKeys: {} };
}

/** The schemas of `locks`, one per type of lease store. */
export function locksChildren(types: AdapterTypes): readonly ChildSchema[] {
  return schemasOf(locksBlock(types)).map((schema) => child(schema, 'required'));
}

/** Undefined when its type is not known; a problem says so. */
export function readLocks(node: BlockNode, parent: Place, context: FileContext): LocksConfig | undefined {
  const found = readTypedBlock(locksBlock(context.types), node, parent, context);
  if (found === undefined) return undefined;
  const { type, reading, unset } = found;
  const store = type.read(reading, context.problems);
  return {
    path: canonicalPath(reading.place.path),
    type: type.type,
    settings: store.settings,
    what: store.what,
    ...checksOnceSet(unset, store),
    open: onceSet(unset, (services) => store.open(services)),
  };
}

/** Keys of `ingester.lease`. */
export const leaseSchema = {
  type: 'lease',
  doc: 'Ownership of a table by one replica.',
  keys: {
    duration: withDefault(
      // "Lease Blob": 15 to 60 seconds
      wholeSeconds({ min: '15s', max: '60s' }),
      '30s',
      'How long a lease lasts without renewal, and so how soon another replica takes over after a crash.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

/** Keys of `ingester.checkpoint`. */
export const checkpointSchema = {
  type: 'checkpoint',
  doc: 'How often progress is saved. It is also saved when a table is released.',
  keys: {
    interval: withDefault(duration({ min: '10ms', max: '1h' }), '1s', 'For a table that changes.'),
    idle_interval: withDefault(duration({ min: '10ms', max: '24h' }), '60s', 'For an idle table.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

/** What the values of `lease` become. */
export function leaseConfigOf({ values }: Reading<(typeof leaseSchema)['keys']>): LeaseConfig {
  return { durationMs: values.duration };
}

/** What the values of `checkpoint` become. */
export function checkpointConfigOf({ values }: Reading<(typeof checkpointSchema)['keys']>): CheckpointConfig {
  return { intervalMs: values.interval, idleIntervalMs: values.idle_interval };
}
