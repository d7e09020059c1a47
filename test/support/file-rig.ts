/** Files under test: publishers on a disk in memory, time by hand, and processes that live or do not. */
import { silentLog, type ChangeMetadata, type RoutedEvent } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { FilePublisher, type FilePublisherOptions } from '@dstream/outputs/file';
import { expect } from 'vitest';
import type { ProcessIdentity } from '../../libs/outputs/src/file/path-lock.ts';
import { aChange } from './a-change.ts';
import { MemoryFiles } from './memory-files.ts';

export const never: AbortSignal = new AbortController().signal;

/** Change `n`, whose line is `{"n":n}`. */
export function routed(n: number, metadata: Partial<ChangeMetadata> = {}): RoutedEvent {
  return { event: aChange(n, metadata), line: Buffer.from(`{"n":${n}}`), orderingKey: metadata.table ?? 'T' };
}

export const of = (...numbers: readonly number[]) => numbers.map((n) => routed(n));
export const lines = (...numbers: readonly number[]) => numbers.map((n) => `{"n":${n}}\n`).join('');

export function setup(directories = ['/d']) {
  const clock = new ManualClock();
  const files = new MemoryFiles(() => clock.wallMs(), directories);
  const alive = new Set([1, 2]);
  const opened: FilePublisher[] = [];
  const publisher = (
    options: Partial<FilePublisherOptions> = {},
    identity: Partial<ProcessIdentity> = {},
  ) => {
    const who = { host: 'h', pid: 1, token: 'a', isAlive: (pid: number) => alive.has(pid), ...identity };
    const made = new FilePublisher({
      path: '/d/out.jsonl',
      maxBytes: 1_000_000,
      maxAgeMs: undefined,
      files,
      identity: () => Promise.resolve(who),
      clock,
      log: silentLog,
      hash: (text) => `${text.length}`.padStart(16, '0'),
      ...options,
    });
    opened.push(made);
    return made;
  };
  const open = async (
    options: Partial<FilePublisherOptions> = {},
    identity: Partial<ProcessIdentity> = {},
  ) => {
    const made = publisher(options, identity);
    await made.connect({ signal: never });
    return made;
  };
  const cleanUp = async () => {
    for (const made of opened) await made[Symbol.asyncDispose]();
    expect([files.handles, clock.sleeping, files.paths.filter((path) => path.endsWith('.lock'))]).toEqual([
      0,
      0,
      [],
    ]);
  };
  return { clock, files, alive, publisher, open, cleanUp };
}
