/** From an engine to an image that was looked at: the steps of `npm run test:image`. */
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Report } from '../foreign/foreign-client.ts';
import { makeBase, pullBase, whyNotMade } from './base.ts';
import { checks } from './checks.ts';
import type { Setting } from './container.ts';
import { baseImage } from './dockerfile.ts';
import { ask, openEngine, type Engine } from './engine.ts';
import { execute, root } from './execute.ts';
import { Steps } from './steps.ts';

const minuteMs = 60_000;

/** @param install installs podman, and what a base is made with, by apt-get */
export async function testImage(install: boolean, report: Report, signal: AbortSignal): Promise<void> {
  const steps = new Steps(report, signal);
  if (install) await steps.run(`${packages.join(', ')} installed`, 5 * minuteMs, installPackages);
  await using engine = await openEngine(steps.limit(minuteMs));
  if (engine === undefined) return report.skipped('all', 'neither docker nor podman answers');
  const why = await whyNoBase(engine, steps);
  if (why !== undefined) return report.skipped('all', why);
  const folder = await mkdtemp(join(tmpdir(), 'dstream-image-files-'));
  try {
    await buildAndCheck(engine, folder, steps);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** What --install installs, as root on Debian. */
const packages = ['podman', 'crun', 'mmdebstrap'];

async function installPackages(signal: AbortSignal): Promise<undefined> {
  await execute('apt-get', ['update'], signal);
  await execute('apt-get', ['install', '--yes', '--no-install-recommends', ...packages], signal);
}

/** Puts the base into the engine's store. Resolves with the reason where it cannot be had. */
async function whyNoBase(engine: Engine, steps: Steps): Promise<string | undefined> {
  const base = baseImage(await readFile(join(root, 'deploy/Dockerfile'), 'utf8'));
  const signal = steps.limit(3 * minuteMs);
  const [pulled] = await Promise.allSettled([pullBase(engine, base, signal)]);
  if (pulled.status === 'fulfilled') return undefined;
  const why = await whyNotMade(engine, signal);
  if (why !== undefined) return `${base.name} cannot be pulled, nor made here: ${why}`;
  const name = `${base.name} made here, because it cannot be pulled`;
  const made = await steps.run(name, 5 * minuteMs, (limit) => makeBase(engine, base, limit));
  return made ? undefined : `there is no ${base.name}`;
}

async function buildAndCheck(engine: Engine, folder: string, steps: Steps): Promise<void> {
  const [revision = ''] = await execute('git', ['rev-parse', 'HEAD'], steps.limit(minuteMs));
  const tag = `localhost/dstream-test:${process.pid}`;
  const setting: Setting = { engine, tag, revision, folder };
  try {
    if (!(await steps.run('deploy/Dockerfile builds', 10 * minuteMs, (limit) => build(setting, limit))))
      return;
    for (const check of checks)
      await steps.run(check.name, check.limitMs, (limit) => check.run(setting, limit));
  } finally {
    const remove = ['image', 'rm', '--force', tag];
    await ask(engine, remove, AbortSignal.timeout(minuteMs)).catch(() => undefined);
  }
}

/** The Dockerfile as it is. A registry of npm that needs a password is known to the build as to a user's. */
async function build({ engine, tag, revision }: Setting, signal: AbortSignal): Promise<undefined> {
  const npmrc = join(homedir(), '.npmrc');
  const secret = existsSync(npmrc) ? ['--secret', `id=npmrc,src=${npmrc}`] : [];
  const labels = ['--build-arg', `REVISION=${revision}`];
  const file = ['--file', join(root, 'deploy/Dockerfile')];
  await ask(
    engine,
    ['build', ...engine.buildFlags, ...secret, ...labels, ...file, '--tag', tag, root],
    signal,
  );
}
