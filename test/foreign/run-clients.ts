/** Runs the clients one after the other and counts their checks. What has a side effect is handed in. */
import type { ForeignClient, Report, Tool } from './foreign-client.ts';

export interface RunnerParts {
  readonly write: (line: string) => void;
  readonly isInstalled: (tool: Tool, signal: AbortSignal) => Promise<boolean>;
}

/** The last line is `N passed, N failed, N skipped`. Resolves with the exit code: 1 when something failed. */
export async function runClients(
  clients: readonly ForeignClient[],
  parts: RunnerParts,
  signal: AbortSignal,
): Promise<number> {
  const count = { passed: 0, failed: 0, skipped: 0 };
  const reportOf = (client: string): Report => {
    const line = (outcome: keyof typeof count, text: string): void => {
      count[outcome] += 1;
      parts.write(`${outcome.padEnd(8)} ${client}: ${text}`);
    };
    return {
      passed: (check) => line('passed', check),
      failed: (check, why) => line('failed', `${check}: ${why}`),
      skipped: (check, why) => line('skipped', `${check}: ${why}`),
    };
  };
  for (const client of clients) await runClient(client, reportOf(client.name), parts, signal);
  parts.write(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count.failed === 0 ? 0 : 1;
}

async function runClient(
  client: ForeignClient,
  report: Report,
  { isInstalled }: RunnerParts,
  signal: AbortSignal,
): Promise<void> {
  for (const tool of client.tools)
    if (!(await isInstalled(tool, signal))) return report.skipped('all', `no ${tool.name} on this machine`);
  const limit = client.limitMs === undefined ? undefined : AbortSignal.timeout(client.limitMs);
  const both = limit === undefined ? signal : AbortSignal.any([signal, limit]);
  let step = 'prepare';
  try {
    await client.prepare(both);
    step = 'run';
    await client.run(report, both);
  } catch (error) {
    if (limit?.aborted === true && !signal.aborted)
      return report.skipped(step, `stopped after its limit of ${(client.limitMs ?? 0) / 60_000} minutes`);
    report.failed(step, textOf(error));
  }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
