/** The small blocks of the ingester: how long a lease lasts, how often a checkpoint is saved. */
import type { Reading } from '../schema/reading.ts';
import { withDefault, type BlockSchema } from '../schema/schema.ts';
import { duration, wholeSeconds } from '../values/scalars.ts';
import type { CheckpointConfig, LeaseConfig } from './configuration.ts';

export const leaseSchema = {
  type: 'lease',
  doc: 'The hold of one instance on one table.',
  keys: {
    duration: withDefault(
      // "Lease Blob": 15 to 60 seconds
      wholeSeconds({ min: '15s', max: '60s' }),
      '30s',
      'How long a lease lasts without renewal: how soon another instance takes over after a crash.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

export const checkpointSchema = {
  type: 'checkpoint',
  doc: 'How often progress is saved. It is saved on release, too.',
  keys: {
    interval: withDefault(duration({ min: '10ms', max: '1h' }), '1s', 'Of a table that changes.'),
    idle_interval: withDefault(duration({ min: '10ms', max: '24h' }), '60s', 'Of a table that does not.'),
  },
  blocks: [],
} as const satisfies BlockSchema;

export function leaseConfigOf({ values }: Reading<(typeof leaseSchema)['keys']>): LeaseConfig {
  return { durationMs: values.duration };
}

export function checkpointConfigOf({ values }: Reading<(typeof checkpointSchema)['keys']>): CheckpointConfig {
  return { intervalMs: values.interval, idleIntervalMs: values.idle_interval };
}
