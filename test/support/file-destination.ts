import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { silentLog } from '@dstream/core';
import { FilePublisher, type FilePublisherOptions } from '@dstream/outputs/file';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { nodeFileSystem, type FileSystem, type OpenFile } from '../../libs/outputs/src/file/file-system.ts';
import { thisProcess } from '../../libs/outputs/src/file/path-lock.ts';
import type { PublisherRig } from './publisher-rig.ts';

/** The file system of the machine, whose disk can be full or slow. */
export function openDisk() {
  let full = 0;
  let held: Promise<void> = Promise.resolve();
  const open = async (path: string): Promise<OpenFile> => {
    const file = await nodeFileSystem.open(path);
    const append = async (parts: readonly Uint8Array[]) => {
      await held;
      full -= 1;
      if (full < 0) return file.append(parts);
      const bytes = Buffer.concat(parts);
      await file.append([bytes.subarray(0, bytes.length / 2)]);
      throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
    };
    return { ...file, append };
  };
  return {
    files: { ...nodeFileSystem, open } satisfies FileSystem,
    /** The next so many writes find no room for more than a part. */
    fill: (count: number) => {
      full = count;
    },
    hold: () => {
      const { promise, resolve } = Promise.withResolvers<void>();
      held = promise;
      return resolve;
    },
  };
}

/** Files in a directory of their own. `name` may hold `{{ table }}`. */
export async function openFiles(
  name: string,
  limits: Partial<Pick<FilePublisherOptions, 'maxBytes' | 'maxOpen'>> = {},
): Promise<PublisherRig> {
  const directory = await mkdtemp(join(tmpdir(), 'dstream-files-'));
  const disk = openDisk();
  const open = (path: string) => openFile(path, { ...limits, files: disk.files });
  return {
    ordered: 'key',
    open: () => open(join(directory, name)),
    openForbidden: () => open(join(directory, 'away', name)),
    delivered: () => linesIn(directory),
    faults: { refuse: (count) => disk.fill(count), hold: () => disk.hold() },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true }),
  };
}

/** A publisher to one path, on the disk of this machine if no other is given. */
export function openFile(path: string, options: Partial<FilePublisherOptions> = {}): FilePublisher {
  return new FilePublisher({
    path,
    maxBytes: 1_000_000_000,
    maxAgeMs: undefined,
    files: nodeFileSystem,
    identity: thisProcess,
    clock: systemClock,
    log: silentLog,
    hash: sha256Hex,
    ...options,
  });
}

/** All lines of the finished files in the order of their names, then of the current ones. */
export async function linesIn(directory: string): Promise<readonly string[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), 'utf8')));
  return texts.flatMap((text) => text.split('\n').slice(0, -1));
}
