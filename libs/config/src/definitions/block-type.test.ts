import { describe, expect, it } from 'vitest';
import type { CallOptions, CheckResult, Checks } from '@dstream/core';
import { Problems } from '../schema/problems.ts';
import { checkable, checksOnceSet } from './block-type.ts';

const o: CallOptions = { signal: new AbortController().signal };

async function* reached(settings: { readonly host: string }, by: string): Checks {
  yield { outcome: 'passed', check: 'test.reach', message: `${settings.host} by ${by}` };
}

async function resultsOf(checks: Checks): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for await (const result of checks) results.push(result);
  return results;
}

describe('the checks of a block', () => {
  const opened = checkable({ checks: reached }, { host: 'db1' });

  it('look at what the settings of the block lead to', async () => {
    const { checks } = checksOnceSet(new Problems('dstream.hcl'), opened);
    expect(await resultsOf(checks!('us', o))).toEqual([
      { outcome: 'passed', check: 'test.reach', message: 'db1 by us' },
    ]);
  });

  it('name the variables that are not set instead of looking at blanks', async () => {
    const unset = new Problems('dstream.hcl');
    unset.add({ line: 3, path: 'ingester.topic.namespace' }, 'the variable NAMESPACE is not set');
    const { checks } = checksOnceSet(unset, opened);
    await expect(resultsOf(checks!('us', o))).rejects.toThrow('the variable NAMESPACE is not set');
  });

  it('are absent where the type has none', () => {
    expect(checksOnceSet(new Problems('dstream.hcl'), checkable({}, { host: 'db1' }))).toEqual({});
  });
});
