import type { StampedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { testedLineView } from './tested-line-view.ts';
import { testedLineText, type TestedLine } from './tested-line.ts';

const { data, metadata } = aChange(1, { operation: 'update', changed: ['N'] });
const event: StampedEvent = { data, metadata: { ...metadata, generation: 1, epoch: 1 } };
const asMade = (made: StampedEvent) => ({ event: made, text: JSON.stringify(made) });
const to = (...outputs: readonly string[]) => outputs.map((output) => ({ output }));

function tested(rest: Partial<TestedLine>): TestedLine {
  return { line: 3, source: asMade(event), made: [], failures: [], ...rest };
}

const view = (line: TestedLine, width = 100) => testedLineView(line, { width });

describe('a tested line in a terminal', () => {
  test('shows what differs, each value under the name that expressions use', () => {
    const made = { ...event, data: { N: 2, name: 'Ann\u001b' }, metadata: { ...event.metadata, key: null } };
    expect(view(tested({ made: [{ ...asMade(made), route: to('bus', 'hook') }] }))).toEqual([
      '3 dbo.T update changed → bus, hook',
      '  ~ data.N          1 → 2',
      String.raw`  + data.name       "Ann\u001b"`,
      '  - metadata.key.N  1',
    ]);
  });

  test('names what happened where there is nothing to compare', () => {
    expect(view(tested({ made: [{ ...asMade(event), route: null }] }))).toEqual(['3 dbo.T update unchanged']);
    expect(view(tested({ made: [{ ...asMade(event), route: [] }] }))).toEqual([
      '3 dbo.T update unchanged → no output',
    ]);
    expect(view(tested({}))).toEqual(['3 dbo.T update dropped']);
  });

  test('shows each of several changes with its outputs', () => {
    const other = { ...event, data: { N: 5 } };
    const route = [{ output: 'bus', destination: 'eu' }];
    const made = [
      { ...asMade(event), route: to('bus') },
      { ...asMade(other), route },
    ];
    expect(view(tested({ made }))).toEqual([
      '3 dbo.T update changed into 2',
      '  1. update → bus',
      '  2. update → bus (eu)',
      '    ~ data.N  1 → 5',
    ]);
  });

  test('gives the reason of a failure, and what a processor does then, within the width', () => {
    const failure = {
      transform: 't',
      code: 'TransformFailed',
      reason: 'no such column',
      outcome: 'pass',
    } as const;
    const lines = view(tested({ made: [{ ...asMade(event), route: to('bus') }], failures: [failure] }), 50);
    expect(lines).toEqual([
      '3 dbo.T update failed → bus',
      '  ! transform t: no such column (TransformFailed;',
      '    delivered as it was by on_error)',
    ]);
    expect(
      view(tested({ source: undefined, failures: [{ ...failure, transform: null, outcome: 'retry' }] })),
    ).toEqual(['3 failed', '  ! no such column (TransformFailed; would be tried again)']);
  });
});

test('as JSON a change is what an output would get, byte for byte', () => {
  const source = { event, text: '{"data":{"N":1.0}}' };
  const made = [{ event, text: '{"data":{"N":1.00}}', route: to('bus') }];
  expect(testedLineText(tested({ source, made }))).toBe(
    '{"line":3,"before":{"data":{"N":1.0}},"after":[{"data":{"N":1.00}}],"routes":[[{"output":"bus"}]],"failures":[]}',
  );
  expect(testedLineText(tested({ source: undefined }))).toBe(
    '{"line":3,"before":null,"after":[],"routes":[],"failures":[]}',
  );
});
