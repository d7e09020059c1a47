/**
 * `npm run test:containers [-- --dry-run | --stand-ins] [-- FILES…]`: the contract and end-to-end suites against the
 * real SQL Server, the official emulators and Azurite, in containers. Without a container runtime it says so and skips.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { parseArgs } from 'node:util';
import { startContainers, whyNoRuntime } from './containers.ts';
import { licenceLine, planFor, planLines } from './plan.ts';
import type { RunningServices } from './running-services.ts';
import { startStandInsProcess } from './stand-ins.ts';

const suites = ['test/contract', 'test/e2e'];

const { values: flags, positionals } = parseArgs({
  options: { 'dry-run': { type: 'boolean' }, 'stand-ins': { type: 'boolean' } },
  allowPositionals: true,
});
const plan = planFor(process.env);

async function main(): Promise<number> {
  if (flags['dry-run'] === true) return say(planLines(plan), 0);
  if (flags['stand-ins'] === true) return test(await startStandInsProcess());
  const why = await whyNoRuntime();
  if (why !== undefined)
    return say([`skipped: there is no container runtime here (${why})`, '0 passed, 0 failed, 1 skipped'], 0);
  if (!plan.licencesAccepted) return say([`the licences are not accepted: ${licenceLine(plan)}`], 2);
  return test(await startContainers(plan));
}

function say(lines: readonly string[], code: number): number {
  for (const line of lines) process.stdout.write(`${line}\n`);
  return code;
}

/** Resolves with the exit code of the tests, when the services are gone again. */
async function test(services: RunningServices): Promise<number> {
  await using running = services;
  const { resolve } = createRequire(import.meta.url);
  const vitest = resolve('vitest/vitest.mjs');
  const files = positionals.length > 0 ? positionals : suites;
  const child = spawn(process.execPath, [vitest, 'run', '--project', 'integration', ...files], {
    env: { ...process.env, ...running.env },
    stdio: 'inherit',
  });
  // A signal of the terminal reaches the tests by itself; the services are stopped when they have ended.
  const wait = () => undefined;
  const signals = ['SIGINT', 'SIGTERM'] as const;
  for (const signal of signals) process.on(signal, wait);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of signals) process.off(signal, wait);
  return code ?? 1;
}

process.exitCode = await main();
