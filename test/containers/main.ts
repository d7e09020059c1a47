/**
 * `npm run test:containers [-- --dry-run | --stand-ins] [FILES…]`: the contract and end-to-end suites against the real
 * SQL Server, the official emulators and Azurite, in containers. Without a container runtime it says so and skips.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { runCommand } from './command.ts';
import { loadContainers } from './load-containers.ts';
import { startStandInsProcess } from './stand-ins.ts';

const vitest = join(dirname(createRequire(import.meta.url).resolve('vitest/package.json')), 'vitest.mjs');

/** The playground starts stand-ins, whatever the environment says. */
const aboutStandIns = '**/e2e/playground*';

async function runTests(files: readonly string[], env: Readonly<Record<string, string>>): Promise<number> {
  const args = ['run', '--project=integration', '--project=timing', '--exclude', aboutStandIns, ...files];
  const child = spawn(process.execPath, [vitest, ...args], {
    env: { ...process.env, ...env },
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

let loading: ReturnType<typeof loadContainers> | undefined;
const containers = () => (loading ??= loadContainers());

process.exitCode = await runCommand(process.argv.slice(2), {
  env: process.env,
  write: (line) => process.stdout.write(`${line}\n`),
  whyNoRuntime: async () => (await containers()).whyNoRuntime(),
  startContainers: async (plan) => (await containers()).startContainers(plan),
  startStandIns: startStandInsProcess,
  runTests,
});
