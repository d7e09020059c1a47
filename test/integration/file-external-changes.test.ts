/** Files on a real disk while other programs remove, rename, truncate and take over what is being written. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, truncate } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { systemClock } from '@dstream/async';
import type { RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../support/a-change.ts';
import { linesIn, openFile } from '../support/file-destination.ts';

const never = { signal: new AbortController().signal };
const program = fileURLToPath(new URL('../support/file-writing-process.ts', import.meta.url));

async function inDirectory(work: (directory: string, path: string) => Promise<void>): Promise<void> {
  const directory = await mkdtemp(join(tmpdir(), 'dstream-foreign-'));
  try {
    await work(directory, join(directory, 'all.jsonl'));
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
}

function event(n: number, table = 'T'): RoutedEvent {
  return {
    event: aChange(n, { table }),
    line: Buffer.from(JSON.stringify({ table, n })),
    orderingKey: table,
  };
}

const lineOf = (n: number) => `${JSON.stringify({ table: 'T', n })}\n`;

describe('a file on this disk', () => {
  test.each<[string, (path: string) => Promise<void>]>([
    ['removed', (path) => rm(path)],
    ['renamed', (path) => rename(path, `${path}.old`)],
    ['truncated', (path) => truncate(path)],
  ])('that was %s gets what is acknowledged afterwards', async (_, change) => {
    await inDirectory(async (_directory, path) => {
      await using publisher = openFile(path);
      await publisher.connect(never);
      await publisher.publish([event(1)], never);
      await change(path);
      await publisher.publish([event(2)], never);
      expect(await readFile(path, 'utf8')).toBe(lineOf(2));
    });
  });

  test('gets it also when its directory was removed, once that is there again', async () => {
    await inDirectory(async (directory, path) => {
      await using publisher = openFile(path);
      await publisher.connect(never);
      await publisher.publish([event(1)], never);
      await rm(directory, { recursive: true });
      await expect(publisher.publish([event(2)], never)).rejects.toMatchObject({ code: 'EntityNotFound' });
      await mkdir(directory);
      await expect
        .poll(() => publisher.publish([event(2)], never).then(() => 'written', String))
        .toBe('written');
      expect(await readFile(path, 'utf8')).toBe(lineOf(2));
    });
  });

  test('is not for everybody to read', async () => {
    await inDirectory(async (directory) => {
      await using publisher = openFile(join(directory, '{{ schema }}', '{{ table }}.jsonl'));
      await publisher.connect(never);
      await publisher.publish([event(1)], never);
      const modes = ['dbo', 'dbo/T.jsonl'].map(
        async (name) => (await stat(join(directory, name))).mode & 0o777,
      );
      expect(await Promise.all(modes)).toEqual([0o750, 0o640]);
    });
  });

  test('is refused when it is a named pipe, before anything is opened or made', async () => {
    await inDirectory(async (directory, path) => {
      execFileSync('mkfifo', [path]);
      await using publisher = openFile(path);
      await expect(publisher.connect(never)).rejects.toMatchObject({
        code: 'ConfigInvalid',
        message: expect.stringContaining('named pipe') as string,
      });
      expect(await readdir(directory)).toEqual(['all.jsonl']);
    });
  });
});

test('a process that is stopped for longer than its lock lasts does not write over its successor', async () => {
  await inDirectory(async (directory, path) => {
    const child = spawn(process.execPath, [program, path, 'A=1'], { stdio: ['ignore', 'pipe', 'ignore'] });
    const closed = once(child, 'close');
    try {
      let acknowledged = 0;
      const written = Promise.withResolvers<void>();
      createInterface({ input: child.stdout }).on('line', (line) => {
        acknowledged = Number(line.split(' ')[1]);
        if (acknowledged > 100) written.resolve();
      });
      await written.promise;
      child.kill('SIGSTOP');
      let laterMs = 0;
      const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + laterMs };
      await using successor = openFile(path, { clock });
      await expect(successor.connect(never)).rejects.toMatchObject({ code: 'FileInUse' });
      laterMs = 31_000;
      await successor.connect(never);
      for (let n = 1; n <= 50; n += 1) await successor.publish([event(n)], never);
      child.kill('SIGCONT');
      // It finds that the path is not its own any more, and ends.
      await closed;
      for (let n = 51; n <= 100; n += 1) await successor.publish([event(n)], never);
      const lines = (await linesIn(directory)).map(
        (line) => JSON.parse(line) as { table: string; n: number },
      );
      const numbers = (table: string) => lines.filter((line) => line.table === table).map(({ n }) => n);
      expect(numbers('T')).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
      expect(new Set(numbers('A')).size).toBeGreaterThanOrEqual(acknowledged);
    } finally {
      child.kill('SIGKILL');
      await closed;
    }
  });
}, 30_000);
