/** How often tables are looked at: of all of them, and the check that a table's own intervals share. */
import {
  duration,
  formatDuration,
  withDefault,
  type BlockSchema,
  type Findings,
  type Place,
  type Reading,
} from '@dstream/config/schema';

export const pollInterval = duration({ min: '10ms', max: '24h' });

export const pollIntervalDefaultsSchema = {
  type: 'poll_interval_defaults',
  doc: 'How often tables are polled for changes.',
  keys: {
    poll_interval: withDefault(pollInterval, '5s', 'Time between two polls of a table that changes.'),
    max_poll_interval: withDefault(
      pollInterval,
      '2m',
      'Longest time between two polls: while nothing changes, the interval doubles up to it.',
    ),
  },
  blocks: [],
} as const satisfies BlockSchema;

export interface PollPair {
  readonly pollIntervalMs: number;
  readonly maxPollIntervalMs: number;
}

export function readPollDefaults(
  reading: Reading<(typeof pollIntervalDefaultsSchema)['keys']>,
  findings: Findings,
): PollPair {
  const { poll_interval: pollIntervalMs, max_poll_interval: maxPollIntervalMs } = reading.values;
  const pair = { pollIntervalMs, maxPollIntervalMs };
  if (reading.isSound('poll_interval', 'max_poll_interval'))
    checkPollPair(pair, reading.placeOf('poll_interval'), findings);
  return pair;
}

/** The wait can only grow: a problem at `place` when its maximum is below it. */
export function checkPollPair(pair: PollPair, place: Place, findings: Findings): void {
  const { pollIntervalMs: wait, maxPollIntervalMs: max } = pair;
  if (wait <= max) return;
  findings.add(
    place,
    `poll_interval ${formatDuration(wait)} is longer than max_poll_interval ${formatDuration(max)}; ` +
      'increase max_poll_interval',
  );
}
