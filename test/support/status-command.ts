/** `dstream` commands that end by themselves, as a program runs them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { StatusDocument } from '@dstream/status';
import { expect } from 'vitest';
import type { Pipeline } from './pipeline.ts';
import { installedLauncher } from './program.ts';

export const dstream = fileURLToPath(new URL('../../apps/dstream/src/main.ts', import.meta.url));

/** What it printed, and its exit code; null after a signal. */
export interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Runs `dstream status` with these arguments to its end. */
export function runStatus(args: readonly string[], env: Environment): Promise<Ran> {
  return runDstream(['status', ...args], { env });
}

export interface RunOptions {
  readonly env?: Environment;
  readonly cwd?: string;
  /** What stands on its standard input. */
  readonly input?: string;
  /** Descriptor that it prints to, instead of what is returned. */
  readonly stdout?: number;
}

/** Runs `dstream` with these arguments to its end. */
export async function runDstream(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const { env = {}, cwd, input = '', stdout = 'pipe' } = options;
  const [program, ...first] = installedLauncher ? [installedLauncher] : [process.execPath, dstream];
  const child = spawn(program, [...first, ...args], {
    env: { ...process.env, ...env },
    stdio: ['pipe', stdout, 'pipe'],
    ...(cwd !== undefined && { cwd }),
  });
  child.stdin?.end(input);
  const ended = once(child, 'close');
  const [out, err] = await Promise.all([read(child.stdout), read(child.stderr)]);
  const [code] = (await ended) as [number | null];
  return { code, out, err };
}

function read(stream: Readable | null): Promise<string> {
  return stream === null ? Promise.resolve('') : text(stream);
}

/** What it answers a program that asks about this pipeline. It must succeed, in one line. */
export async function status(pipeline: Pipeline, ...args: readonly string[]): Promise<StatusDocument> {
  const { code, out, err } = await runStatus(args, pipeline.env);
  expect([code, err]).toEqual([0, '']);
  expect(out.trimEnd()).not.toContain('\n');
  return JSON.parse(out) as StatusDocument;
}
