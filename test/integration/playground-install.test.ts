/** `npm start` in an installation that lacks packages: one sentence instead of a stack trace. */
import { execFile } from 'node:child_process';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, expect, test } from 'vitest';

const installed = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dstream-playground-'));
  await cp(installed('apps/playground/src'), join(folder, 'src'), { recursive: true });
  await cp(installed('apps/playground/package.json'), join(folder, 'package.json'));
});
afterEach(() => rm(folder, { recursive: true }));

/** Its exit code and what it wrote to stderr. */
async function start(): Promise<readonly [number, string]> {
  const failed = promisify(execFile)(process.execPath, [join(folder, 'src/main.ts')]);
  return failed.then(
    ({ stderr }) => [0, stderr],
    ({ code, stderr }: { readonly code: number; readonly stderr: string }) => [code, stderr],
  );
}

const sentence = 'playground: npm start needs the full install: run npm ci, without --omit and --workspace\n';

test('without any package it asks for the full install and exits 2', async () => {
  expect(await start()).toEqual([2, sentence]);
});

test('so it does where the stand-ins alone are missing', async () => {
  const commander = 'node_modules/commander';
  await cp(installed(commander), join(folder, commander), { recursive: true });
  expect(await start()).toEqual([2, `DStream playground: loading\n${sentence}`]);
});
