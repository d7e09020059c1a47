/** Files whose process is killed at any moment, again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { linesIn, openFile } from '../support/file-destination.ts';

const never = { signal: new AbortController().signal };

const program = fileURLToPath(new URL('../support/file-writing-process.ts', import.meta.url));
const tables = ['A', 'B', 'C'];
const lives = 5;

/** Lets it write until so many batches were acknowledged, then kills it within a few milliseconds of one more. */
async function writeAndKill(path: string, acknowledged: Map<string, number>): Promise<void> {
  const from = tables.map((table) => `${table}=${(acknowledged.get(table) ?? 0) + 1}`);
  const child = spawn(process.execPath, [program, path, ...from], { stdio: ['ignore', 'pipe', 'inherit'] });
  const closed = once(child, 'close');
  let batches = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [table = '', n] = line.split(' ');
    acknowledged.set(table, Number(n));
    batches += 1;
    if (batches === 40) void sleep(Math.random() * 10).then(() => child.kill('SIGKILL'));
  }
  await closed;
  expect(batches).toBeGreaterThanOrEqual(40);
}

/** Longer than what is written first after it. */
const torn = `{"table":"A","n":10,"note":"${'x'.repeat(200_000)}`;

/** A process seldom ends in the middle of a write: what that leaves is added to the files that are not finished. */
async function tear(directory: string): Promise<void> {
  const names = await readdir(directory);
  const current = names.filter((name) => /^[^.]+\.jsonl$/.test(name));
  await Promise.all(current.map((name) => appendFile(join(directory, name), torn)));
}

interface Line {
  readonly table: string;
  readonly n: number;
}

/** Numbers in the order they stand there, without those that were there before. */
function firstSeen(lines: readonly Line[], table: string): readonly number[] {
  return [...new Set(lines.filter((line) => line.table === table).map(({ n }) => n))];
}

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);

describe('a process that writes files and is killed', () => {
  test.each(['all.jsonl', '{{ table }}.jsonl'])(
    'leaves in %s every change it acknowledged, in order, and no torn line',
    async (name) => {
      const directory = await mkdtemp(join(tmpdir(), 'dstream-killed-'));
      try {
        const acknowledged = new Map<string, number>();
        for (let life = 0; life < lives; life += 1) {
          await writeAndKill(join(directory, name), acknowledged);
          await tear(directory);
        }
        const lines = (await linesIn(directory)).map((line) => JSON.parse(line) as Line);
        for (const table of tables) {
          const seen = firstSeen(lines, table);
          expect(seen).toEqual(upTo(seen.length));
          expect(seen.length).toBeGreaterThanOrEqual(acknowledged.get(table) ?? 0);
        }
        expect((await readdir(directory)).filter((file) => file.endsWith('.jsonl')).length).toBeGreaterThan(
          lives,
        );
      } finally {
        await rm(directory, { recursive: true });
      }
    },
    60_000,
  );

  test('keeps others from its file while it lives, and not a moment longer', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'dstream-killed-'));
    const path = join(directory, 'all.jsonl');
    const child = spawn(process.execPath, [program, path, 'A=1'], { stdio: ['ignore', 'pipe', 'inherit'] });
    await using other = openFile(path);
    try {
      await once(child.stdout, 'data');
      await expect(other.connect(never)).rejects.toMatchObject({
        code: 'FileInUse',
        message: expect.stringContaining(`process ${child.pid} on `) as string,
      });
      child.kill('SIGKILL');
      await once(child, 'exit');
      await expect(other.connect(never)).resolves.toBeUndefined();
    } finally {
      child.kill('SIGKILL');
      await other[Symbol.asyncDispose]();
      await rm(directory, { recursive: true });
    }
  });
});
