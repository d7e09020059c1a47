/** `npm install --global` of the package: every npm on every Node.js that README.md names, and what is installed then. */
import { execFile } from 'node:child_process';
import { mkdtemp, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { install, root, version } from './package.ts';
import { Versions } from './versions.ts';

const npms = ['10.8.2', '11.21.2'] as const;
const [older, suitable] = ['20.20.2', '24.21.0'] as const;

/** Nobody listens there, and no cache has anything of it: whatever npm wants from a registry fails. */
const noRegistry = ['--registry', 'http://127.0.0.1:9', '--fetch-retries', '0'];

let versions: Versions;
beforeAll(async () => {
  versions = await Versions.fetch(npms, [older, suitable]);
});
afterAll(() => versions[Symbol.asyncDispose]());

/** Installs with that npm on that Node.js. Resolves with the launcher. */
async function installed(npm: string, node: string, options: readonly string[]): Promise<string> {
  const path = versions.path(node);
  const program = [join(path, 'node'), versions.npm(npm)];
  const prefix = await mkdtemp(join(versions.folder, 'installed '));
  return await install(program, path, prefix, options);
}

/** Runs the launcher in the root of the workspace. Resolves with what it printed; rejects unless it exits 0. */
async function run(launcher: string, node: string, args: readonly string[]): Promise<string> {
  const env = {
    PATH: versions.path(node),
    DSTREAM_DB_CONNECTION_STRING: 'Server=localhost;Database=shop;User Id=dstream;Password=none',
  };
  const { stdout } = await promisify(execFile)(launcher, args, { cwd: root, env });
  return stdout;
}

/** Of the installs that bring no Node.js of their own. */
let without = '';

describe.each(
  npms.flatMap((npm) => [
    { npm, node: older, options: [], from: 'with Node.js 24 from the registry' },
    { npm, node: suitable, options: ['--offline', ...noRegistry], from: 'without a registry' },
  ]),
)('npm $npm on Node.js $node, $from', ({ npm, node, options }) => {
  let launcher = '';
  const dstream = (...args: readonly string[]) => run(launcher, node, args);
  beforeAll(async () => {
    launcher = await installed(npm, node, options);
    if (node === suitable) without = launcher;
  });

  test('--version', async () => {
    expect(await dstream('--version')).toBe(`${version}\n`);
  });

  test('validate', async () => {
    expect(await dstream('validate', 'config/minimal.hcl')).toContain('the configuration is valid');
  });

  test('plan', async () => {
    const plan = await dstream('plan', '--offline', '--config', 'config/minimal.hcl');
    expect(JSON.parse(plan)).toMatchObject({ tables: [{ table: 'dbo.Persons' }] });
  });

  test('transform test, with a script', async () => {
    const example = 'config/transforms/enrich';
    const args = ['--config', `${example}.hcl`, '--input', `${example}.jsonl`];
    const expected = await readFile(join(root, `${example}.expected.jsonl`), 'utf8');
    expect(await dstream('transform', 'test', ...args)).toBe(expected);
  });
});

test('without Node.js 24, the launcher says what to do', async () => {
  await expect(run(without, older, ['--version'])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringMatching(
      /Node\.js in PATH: {3}v20\.20\.2 [\s\S]*without --omit=optional/,
    ) as unknown,
  });
});
