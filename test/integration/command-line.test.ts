/** What a person types, and what they are told: real processes, which connect to nothing. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { onLinux } from '../support/marked-processes.ts';
import { launcher } from '../support/program.ts';
import { runDstream } from '../support/status-command.ts';
import { hasTerminal, Terminal } from '../support/terminal.ts';

const minimal = await readFile(fileURLToPath(new URL('../../config/minimal.hcl', import.meta.url)), 'utf8');

const database = 'Server=db1;Database=shop;User Id=sa;Password=open-sesame';

const unset = {
  DSTREAM_DB_CONNECTION_STRING: undefined,
  DSTREAM_INGEST_CONNECTION_STRING: undefined,
  DSTREAM_BLOB_CONNECTION_STRING: undefined,
  DSTREAM_PUBLISHER_CONNECTION_STRING: undefined,
};

let cwd = '';
let empty = '';

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'dstream-command-line-'));
  empty = await mkdtemp(join(tmpdir(), 'dstream-command-line-'));
  await writeFile(join(cwd, 'dstream.hcl'), minimal);
  await writeFile(join(cwd, 'wrong.hcl'), 'ingester {\n  tabels = ["A"]\n}\nprocesor {\n}\n');
});

afterAll(async () => {
  await Promise.all([cwd, empty].map((folder) => rm(folder, { recursive: true })));
});

function run(args: readonly string[], input?: string) {
  return runDstream(args, { cwd, env: unset, ...(input !== undefined && { input }) });
}

describe('validate', () => {
  test.each([
    ['without arguments', []],
    ['with a file', ['dstream.hcl']],
    ['with --config', ['--config', 'dstream.hcl']],
  ])('%s checks dstream.hcl', async (_, args) => {
    const { code, out, err } = await run(['validate', ...args]);
    expect([code, err]).toEqual([0, '']);
    expect(out).toMatch(/^dstream\.hcl:4: .* is not set \(note\)\n/);
    expect(out).toMatch(/\ndstream\.hcl: the configuration is valid\n$/);
  });

  test('reads standard input', async () => {
    const { code, err } = await run(['validate', '-'], 'ingester {\n  tabels = ["A"]\n}\n');
    expect(code).toBe(2);
    expect(err).toContain('<stdin>:2: ingester: unknown key "tabels"; did you mean "tables"?\n');
  });

  test('notes are errors with --strict', async () => {
    const { code, out, err } = await run(['validate', '--strict']);
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain('dstream.hcl:4: ingester.db_connection_string: the variable');
  });

  test('judges connection strings as the start does, without connecting', async () => {
    const wrong = {
      DSTREAM_DB_CONNECTION_STRING: 'Server=db1:1433;Database=shop;User Id=sa;Password=open-sesame',
      DSTREAM_INGEST_CONNECTION_STRING:
        'Endpoint=sb://h/;SharedAccessKeyName=a;SharedAccessKey=open-sesame;Colour=red',
      DSTREAM_BLOB_CONNECTION_STRING: 'AccountName=shop;AccountKey=open-sesame',
    };
    const said = await Promise.all(
      ['validate', 'ingester'].map((command) => runDstream([command], { cwd, env: { ...unset, ...wrong } })),
    );
    const [validated, started] = said.map(({ code, err }) => [code, err]);
    expect(validated).toEqual([2, expect.stringMatching(/^dstream\.hcl:4: .*Server=HOST,1433\n/)]);
    expect(validated?.[1]).toMatch(
      /\ndstream\.hcl:8: .*"Colour".*\ndstream\.hcl:12: .*DefaultEndpointsProtocol=/,
    );
    expect(validated?.[1]).not.toContain('sesame');
    expect(started).toEqual(validated);
  });

  test('takes one file', async () => {
    const { code, err } = await run(['validate', 'dstream.hcl', '--config', 'dstream.hcl']);
    expect([code, err]).toEqual([2, 'validate takes one file: write FILE or --config FILE, not both\n']);
  });
});

describe('what is wrong', () => {
  test.each([['validate', 'wrong.hcl'], ...['ingester', 'server'].map((c) => [c, '--config', 'wrong.hcl'])])(
    '%s exits 2 and every line of its error begins with file and line',
    async (...args) => {
      const { code, err } = await run(args);
      expect(code).toBe(2);
      expect(err.trimEnd().split('\n').length).toBeGreaterThan(2);
      for (const line of err.trimEnd().split('\n')) expect(line).toMatch(/^wrong\.hcl:\d+: /);
    },
  );

  test.each([
    [['ingester', '--confg', 'x'], /unknown option '--confg'\n\(Did you mean --config\?\)/],
    [['ingester', '-config', 'x'], /\(Options have two dashes: --config\)/],
    [['--config', 'x', 'ingester'], /\(Write it after a command that has it/],
    [['ingster'], /\(Did you mean ingester\?\)/],
    [
      ['ingester', 'other.hcl'],
      /too many arguments for 'ingester'.*\n\(Name the configuration file with --config FILE\)/,
    ],
    [['plan', 'other.hcl', '--offline'], /too many arguments for 'plan'/],
    [['validate', 'dstream.hcl', 'other.hcl'], /too many arguments for 'validate'/],
    [['validate', '--config', ''], /^the name of the file is empty; write --config FILE\n$/],
  ])('%j is answered with what would be right', async (args, said) => {
    const { code, err } = await run(args);
    expect(code).toBe(2);
    expect(err).toMatch(said);
  });

  test.each([
    ['plan', 4, 'db_connection_string', 'DSTREAM_DB_CONNECTION_STRING'],
    ['status', 12, 'locks.connection_string', 'DSTREAM_BLOB_CONNECTION_STRING'],
  ])('%s names the variable that it needs and that is not set', async (command, line, key, variable) => {
    const env = { ...unset, DSTREAM_DB_CONNECTION_STRING: command === 'status' ? database : undefined };
    const { code, err } = await runDstream([command], { cwd, env });
    const said = `the variable ${variable} is not set; set it in the environment`;
    expect([code, err]).toEqual([2, `dstream.hcl:${line}: ingester.${key}: ${said}\n`]);
  });

  test('a command without a file says which one it looked for', async () => {
    const { code, err } = await runDstream(['ingester'], { cwd: empty });
    expect([code, err]).toEqual([2, 'dstream.hcl: the file does not exist; name it with --config FILE\n']);
  });
});

describe('a command that did not do what it was asked for', () => {
  test.skipIf(!onLinux).each([
    ['validate', []],
    ['plan', ['--offline']],
    ['status', ['--address', '127.0.0.1:9', '--watch', '--json']],
  ])('fails: %s cannot print its answer', async (command, args) => {
    await using full = await open('/dev/full', 'w');
    const options = { cwd, env: { ...unset, DSTREAM_DB_CONNECTION_STRING: database }, stdout: full.fd };
    const { code, err } = await runDstream([command, ...args], options);
    const said = 'dstream: could not write to standard output: the disk is full: free some space\n';
    expect([code, err]).toEqual([1, said]);
  });

  test('fails: a signal ended validate before it had read standard input', async () => {
    const child = spawn(launcher, ['validate', '-'], { stdio: ['pipe', 'ignore', 'ignore'] });
    const ended = once(child, 'close');
    // More than a pipe holds: it is taken once the program reads.
    child.stdin.write('# \n'.repeat(50_000), () => child.kill('SIGTERM'));
    expect(await ended).toEqual([1, null]);
  });
});

/** Nobody answers there. */
const nowhere = {
  DSTREAM_DB_CONNECTION_STRING: 'Server=127.0.0.1,9;Database=shop;User Id=sa;Password=open-sesame',
  DSTREAM_INGEST_CONNECTION_STRING: `Endpoint=sb://127.0.0.1:9/;SharedAccessKeyName=a;SharedAccessKey=b3Blbg==;UseDevelopmentEmulator=true`,
  DSTREAM_BLOB_CONNECTION_STRING:
    'DefaultEndpointsProtocol=http;AccountName=shop;AccountKey=b3Blbg==;BlobEndpoint=http://127.0.0.1:9/shop;',
};

test.skipIf(!hasTerminal()).each([
  [{ NO_COLOR: '' }, true],
  [{ NO_COLOR: '1' }, false],
  [{ TERM: 'dumb' }, false],
])('with %o the log in a terminal has colours: %s', async (settings, coloured) => {
  const command = [launcher, 'ingester', '--config', join(cwd, 'dstream.hcl')];
  const env = { ...nowhere, NO_COLOR: '', ...settings };
  await using terminal = new Terminal(command, { columns: 200, rows: 20, env });
  await terminal.shows((lines) => lines.join('\n').includes('INFO: '), 'a line of the log');
  expect(terminal.text.includes('\u001b[')).toBe(coloured);
});
