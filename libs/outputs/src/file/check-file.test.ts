import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckResult } from '@dstream/core';
import { checkedFiles, checkFile, type CheckedFiles } from './check-file.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');
const o = { signal: new AbortController().signal };
const uid = process.getuid?.() ?? 0;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dstream-check-file-'));
});
afterEach(() => rm(folder, { recursive: true }));

/** On a disk with a TiB free, unless something is given. */
async function check(path: string, given: Partial<CheckedFiles> = {}): Promise<readonly CheckResult[]> {
  const files = { ...checkedFiles, freeBytes: () => Promise.resolve(2 ** 40), ...given };
  const results: CheckResult[] = [];
  for await (const result of checkFile({ path, maxBytes: 104_857_600 }, hash, o, files)) results.push(result);
  return results;
}

const refusedBy = (code: string) => () => Promise.reject(Object.assign(new Error(code), { code }));
const problems = (results: readonly CheckResult[]) => results.filter(({ outcome }) => outcome !== 'passed');
const text = ({ check: name, outcome, message }: CheckResult) => `${outcome} ${name}: ${message}`;

describe('a file output', () => {
  test('is sound where files can be made, and nothing is left', async () => {
    const path = join(folder, 'changes.jsonl');
    expect((await check(path)).map(text)).toEqual([
      `passed file.writable: files can be created in ${folder}`,
      `passed file.path: ${path} does not exist yet`,
      `passed file.space: 1048576 MiB are free in ${folder}`,
    ]);
    expect(await readdir(folder)).toEqual([]);
  });

  test('keeps an existing file as it is', async () => {
    const path = join(folder, 'changes.jsonl');
    await writeFile(path, '{}\n');
    expect((await check(path)).map(text)).toContain(`passed file.path: ${path} can be written to`);
    expect(await readdir(folder)).toEqual(['changes.jsonl']);
  });

  test('of a path with names needs the directory before them', async () => {
    const results = await check(join(folder, '{{ schema }}', '{{ table }}.jsonl'));
    expect(results.map((result) => result.check)).toEqual(['file.writable', 'file.space']);
  });

  test('fails without its directory', async () => {
    expect(await check(join(folder, "it's new", 'a.jsonl'))).toEqual([
      {
        outcome: 'failed',
        check: 'file.directory',
        subject: join(folder, "it's new"),
        message: `${join(folder, "it's new")}: the directory does not exist`,
        remedy: { kind: 'command', text: `mkdir -p '${folder}/it'\\''s new'` },
      },
    ]);
  });

  test('fails where a part of its path is a file', async () => {
    await writeFile(join(folder, 'file'), '');
    expect(await check(join(folder, 'file', 'a.jsonl'))).toMatchObject([
      {
        outcome: 'failed',
        check: 'file.directory',
        message: `${join(folder, 'file')}: a part of the path is a file`,
        remedy: { kind: 'advice', text: 'choose another path' },
      },
    ]);
  });

  test('fails where the path is a directory', async () => {
    const path = join(folder, 'sub');
    await mkdir(path);
    expect(problems(await check(path))).toEqual([
      {
        outcome: 'failed',
        check: 'file.path',
        subject: path,
        message: `${path}: the path is a directory`,
        remedy: { kind: 'advice', text: 'add the name of a file' },
      },
    ]);
  });

  test.each([
    ['EACCES', 'permission denied', { kind: 'command', text: `chown ${uid} ` }],
    [
      'EROFS',
      'the file system is read-only',
      { kind: 'advice', text: 'mount it for writing or choose another path' },
    ],
    ['ENOSPC', 'the disk is full', { kind: 'advice', text: 'free some space or move the path' }],
    ['EDQUOT', 'the disk quota is used up', { kind: 'advice', text: 'raise it or free some space' }],
    ['EIO', 'the disk reports an input/output error', { kind: 'advice', text: 'check its health' }],
  ])('fails where no file can be made: %s', async (code, wrong, remedy) => {
    const [found, ...others] = await check(join(folder, 'a.jsonl'), { tryToWrite: refusedBy(code) });
    expect(found).toEqual({
      outcome: 'failed',
      check: 'file.writable',
      subject: folder,
      message: `${folder}: ${wrong}`,
      remedy: remedy.kind === 'command' ? { ...remedy, text: `${remedy.text}${folder}` } : remedy,
    });
    expect(others).toEqual([]);
  });

  test('fails where its file belongs to somebody else', async () => {
    const path = join(folder, 'a.jsonl');
    expect(problems(await check(path, { tryToOpen: refusedBy('EACCES') }))).toMatchObject([
      {
        outcome: 'failed',
        check: 'file.path',
        message: `${path}: permission denied`,
        remedy: { kind: 'command', text: `chown ${uid} ${path}` },
      },
    ]);
  });

  test('warns when little space is left', async () => {
    const results = await check(join(folder, 'a.jsonl'), {
      freeBytes: () => Promise.resolve(50 * 1_048_576),
    });
    expect(problems(results)).toEqual([
      {
        outcome: 'warned',
        check: 'file.space',
        subject: folder,
        message: `50 MiB are free in ${folder}`,
        remedy: {
          kind: 'advice',
          text: 'free some space, or set max_bytes (100 MiB) lower and move finished files away',
        },
      },
    ]);
  });

  test('warns of another process that writes to it', async () => {
    const path = join(folder, 'a.jsonl');
    await writeFile(`${path}~host-1~4711~token.lock`, '');
    expect(problems(await check(path))).toMatchObject([
      {
        outcome: 'warned',
        check: 'file.lock',
        message: `process 4711 on host-1 writes to ${path}, or did until it was killed`,
      },
    ]);
  });

  test('never removes a file that it did not make', async () => {
    const path = join(folder, 'dstream-check-1');
    await writeFile(path, '');
    await expect(checkedFiles.tryToWrite(path)).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await readdir(folder)).toEqual(['dstream-check-1']);
  });
});
