/** The small blocks that set the ingester's pace: `read`, `lease`, `checkpoint`. */
import type { CheckpointConfig, LeaseConfig, ReadConfig } from './configuration.ts';
import type { Reading } from '../schema/reading.ts';
import { withDefault, type BlockSchema } from '../schema/schema.ts';
import { choice, duration, sizeInBytes, wholeNumber, wholeSeconds } from '../values/scalars.ts';

export const readSchema = {
  type: 'read',
  doc: 'How change tables are read.',
  keys: {
    mode: withDefault(
      choice(['functions', 'direct']),
      'functions',
      "By CDC's functions, or the change tables themselves for servers where the functions are slow.",
    ),
    max_rows: withDefault(
      wholeNumber({ min: 1, max: 1_000_000 }),
      5000,
      'Rows that a window of whole transactions is cut to. A transaction is never cut: its rows are taken as they are sent.',
    ),
    max_bytes: withDefault(
      sizeInBytes({ min: 65_536, max: 1_073_741_824 }),
      8_388_608,
      'Bytes of changes that were read and are not sent yet, at most.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

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

export function readConfigOf({ values }: Reading<(typeof readSchema)['keys']>): ReadConfig {
  return { mode: values.mode, maxRows: values.max_rows, maxBytes: values.max_bytes };
}

export function leaseConfigOf({ values }: Reading<(typeof leaseSchema)['keys']>): LeaseConfig {
  return { durationMs: values.duration };
}

export function checkpointConfigOf({ values }: Reading<(typeof checkpointSchema)['keys']>): CheckpointConfig {
  return { intervalMs: values.interval, idleIntervalMs: values.idle_interval };
}
