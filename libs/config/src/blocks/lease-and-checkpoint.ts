/** The small blocks of the ingester: how long a lease lasts, how often a checkpoint is saved. */
import type { Reading } from '../schema/reading.ts';
import { withDefault, type BlockSchema } from '../schema/schema.ts';
import { duration, wholeSeconds } from '../values/scalars.ts';
import type { CheckpointConfig, LeaseConfig } from './configuration.ts';

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

export const checkpointSchema = {
  type: 'checkpoint',
  doc: 'How often progress is saved. It is also saved when a table is released.',
  keys: {
    interval: withDefault(duration({ min: '10ms', max: '1h' }), '1s', 'For a table that changes.'),
    idle_interval: withDefault(duration({ min: '10ms', max: '24h' }), '60s', 'For an idle table.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

export function leaseConfigOf({ values }: Reading<(typeof leaseSchema)['keys']>): LeaseConfig {
  return { durationMs: values.duration };
}

export function checkpointConfigOf({ values }: Reading<(typeof checkpointSchema)['keys']>): CheckpointConfig {
  return { intervalMs: values.interval, idleIntervalMs: values.idle_interval };
}
