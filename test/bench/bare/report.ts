import type { Run } from '../alternate.ts';

/** What the harness gave this loop to do. */
export function givenOptions(): unknown {
  return JSON.parse(process.argv[2] ?? '');
}

/**
 * Times `work`, with what it took of this process's CPU, tells the harness, and ends the process. What `more` gives is
 * told too.
 */
export async function reportRun(
  work: () => Promise<void>,
  more: () => Readonly<Record<string, number>> = () => ({}),
): Promise<void> {
  const [startMs, cpuBefore] = [performance.now(), process.cpuUsage()];
  await work();
  const { user, system } = process.cpuUsage(cpuBefore);
  const run: Run = { seconds: (performance.now() - startMs) / 1000, cpuSeconds: (user + system) / 1e6 };
  process.send?.({ ...run, ...more() }, () => process.exit(0));
}
