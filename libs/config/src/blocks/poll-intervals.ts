import { formatDuration } from '../values/go-duration.ts';
import type { Place } from '../text/hcl-document.ts';
import type { Context } from '../schema/context.ts';
import { withDefault, type BlockSchema } from '../schema/schema.ts';
import { duration } from '../values/scalars.ts';

/** How often a table is looked at. */
export const pollInterval = duration({ min: '10ms', max: '24h' });

export const pollIntervalDefaultsSchema = {
  type: 'poll_interval_defaults',
  doc: 'How often tables are looked at for changes.',
  keys: {
    poll_interval: withDefault(pollInterval, '5s', 'The wait between two looks at a table that changes.'),
    max_poll_interval: withDefault(
      pollInterval,
      '2m',
      'What the wait grows to, by doubling, while nothing changes.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

export interface PollPair {
  readonly pollIntervalMs: number;
  readonly maxPollIntervalMs: number;
}

/** The wait can only grow: a problem at `place` when its maximum is below it. */
export function checkPollPair(pair: PollPair, place: Place, context: Context): void {
  const { pollIntervalMs: wait, maxPollIntervalMs: max } = pair;
  if (wait <= max) return;
  context.problems.add(
    place,
    `poll_interval ${formatDuration(wait)} is longer than max_poll_interval ${formatDuration(max)}; ` +
      'make max_poll_interval at least as long',
  );
}
