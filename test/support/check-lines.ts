/** Results of checks as lines: `outcome name: message`, and below each that did not pass its remedy. */
import type { Checks, CheckResult } from '@dstream/core';

export async function resultsOf(checks: Checks): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  for await (const result of checks) results.push(result);
  return results;
}

/** Without those of the network, which have tests of their own. */
export async function linesOf(checks: Checks): Promise<readonly string[]> {
  const own = (await resultsOf(checks)).filter(({ check }) => !check.startsWith('network.'));
  return own.flatMap((result) => [
    `${result.outcome} ${result.check}: ${result.message}`,
    ...(result.outcome === 'passed' ? [] : result.remedy.text.split('\n').map((line) => `  ${line}`)),
  ]);
}
