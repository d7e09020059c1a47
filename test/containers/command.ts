/** What `npm run test:containers` does, step by step. Everything with a side effect is handed in. */
import { parseArgs } from 'node:util';
import { licenceLine, planFor, planLines, type Plan } from './plan.ts';
import type { RunningServices } from './running-services.ts';

export interface CommandParts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly write: (line: string) => void;
  /** Undefined where containers can be started. */
  readonly whyNoRuntime: () => Promise<string | undefined>;
  readonly startContainers: (plan: Plan) => Promise<RunningServices>;
  /** Our stand-ins in the place of containers: proves the way there without a runtime. */
  readonly startStandIns: () => Promise<RunningServices>;
  /** Runs test files with these variables over the environment; resolves with the exit code. */
  readonly runTests: (files: readonly string[], env: RunningServices['env']) => Promise<number>;
}

const suites = ['test/contract', 'test/e2e', 'test/integration/sqlserver-values'];

/** Resolves with the exit code: that of the tests, 0 when there is nothing to run them on, 2 for wrong usage. */
export async function runCommand(args: readonly string[], parts: CommandParts): Promise<number> {
  const { values: flags, positionals } = parseArgs({
    args: [...args],
    options: { 'dry-run': { type: 'boolean' }, 'stand-ins': { type: 'boolean' } },
    allowPositionals: true,
  });
  const files = positionals.length > 0 ? positionals : suites;
  const plan = planFor(parts.env);
  if (flags['dry-run'] === true) return say(parts, planLines(plan), 0);
  if (flags['stand-ins'] === true) return test(parts, files, parts.startStandIns);
  const why = await parts.whyNoRuntime();
  if (why !== undefined) return say(parts, skipLines(why), 0);
  if (!plan.licencesAccepted)
    return say(parts, [`the licences of the images are not accepted: ${licenceLine(plan)}`], 2);
  return test(parts, files, () => parts.startContainers(plan));
}

/** The last one is the closing line of every test run here. */
function skipLines(why: string): readonly string[] {
  return [`skipped: there is no container runtime here (${why})`, '0 passed, 0 failed, 1 skipped'];
}

function say({ write }: CommandParts, lines: readonly string[], code: number): number {
  lines.forEach((line) => write(line));
  return code;
}

/** The services are gone when it resolves. */
async function test(
  { runTests }: CommandParts,
  files: readonly string[],
  start: () => Promise<RunningServices>,
): Promise<number> {
  await using services = await start();
  return await runTests(files, services.env);
}
