import { expect, test } from 'vitest';
import { outcomeText } from './report-dead-letters.ts';

const named = { sequenceNumber: '7', messageId: 'm' };

test.each([
  [
    'skipped',
    'was skipped: it is locked elsewhere, or gone; if dstream dead-letters list still shows it, try again in some minutes',
  ],
  ['refused', 'cannot be replayed: why'],
  ['kept', 'was replayed and could not be removed: why'],
] as const)('a dead letter that is left says why: %s', (outcome, why) => {
  expect(outcomeText({ ...named, outcome, error: 'why' }, true)).toBe(`dead letter 7 ${why}\n`);
});

test.each(['replayed', 'discarded'] as const)(
  'one that was %s is a line of JSON, and nothing in a terminal',
  (outcome) => {
    expect(outcomeText({ ...named, outcome }, true)).toBe('');
    expect(outcomeText({ ...named, outcome }, false)).toBe(
      `{"sequenceNumber":"7","messageId":"m","outcome":"${outcome}"}\n`,
    );
  },
);
