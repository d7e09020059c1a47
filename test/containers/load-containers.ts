/**
 * Installs what only containers need, by the lock file of this folder, then loads `containers.ts`. The default install
 * does without: these packages bring native parts that are built by install scripts.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { stat } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { CommandParts } from './command.ts';

type Containers = Pick<CommandParts, 'whyNoRuntime' | 'startContainers'>;

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** Rejects when npm fails, which has said why. */
export async function loadContainers(): Promise<Containers> {
  if (!(await isInstalled())) await install();
  await run(file('../../node_modules/.bin/tsc'), ['-p', file('.')]);
  // Not a literal: the types of this file are checked above, and nowhere else.
  return (await import(new URL('containers.ts', import.meta.url).href)) as Containers;
}

/** npm writes the second file when it has finished. */
async function isInstalled(): Promise<boolean> {
  const [wanted, installed] = await Promise.all(
    ['package-lock.json', 'node_modules/.package-lock.json'].map(changedAt),
  );
  return installed !== undefined && wanted !== undefined && installed >= wanted;
}

async function changedAt(name: string): Promise<number | undefined> {
  return (await stat(file(name)).catch(() => undefined))?.mtimeMs;
}

async function install(): Promise<void> {
  console.error('installing testcontainers (test/containers/package-lock.json)');
  await run('npm', ['ci', '--ignore-scripts', '--no-audit', '--no-fund']);
}

/** In this folder. Its output goes to standard error. */
async function run(command: string, args: readonly string[]): Promise<void> {
  const child = spawn(command, args, { cwd: file('.'), stdio: ['ignore', 2, 2] });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed in test/containers (${code})`);
}
