/** `dstream check` as a process: against a sound set-up, and against one that lacks something. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { CheckDocument } from '../../apps/dstream/src/check/check-document.ts';
import { createCapturedTable } from '../support/database.ts';
import { HttpReceiver } from '../support/http-receiver.ts';
import { openMuteServer } from '../support/mute-server.ts';
import { Pipeline } from '../support/pipeline.ts';
import { dstream, runDstream } from '../support/status-command.ts';
import { hasTerminal, Terminal } from '../support/terminal.ts';

interface Choice {
  readonly tables?: readonly string[];
  readonly path?: string;
  readonly url?: string;
  readonly http?: string;
}

/** A pipeline with a captured table, and a file that names it, a file output and, with `url`, a web service. */
async function setUp() {
  const pipeline = await Pipeline.onStandIns();
  onTestFinished(() => pipeline[Symbol.asyncDispose]());
  await createCapturedTable(pipeline.database, 'Persons');
  const folder = dirname(await pipeline.file('empty.hcl', ''));
  const write = ({
    tables = ['Persons'],
    path = join(folder, 'changes.jsonl'),
    url,
    http = '127.0.0.1:0',
  }: Choice = {}) => {
    const outputs = `
  output "archive" {
    type = "file"
    path = ${JSON.stringify(path)}
  }
  ${url === undefined ? '' : `output "hook" {\n    type = "http"\n    url = ${JSON.stringify(url)}\n  }`}
`;
    const text = pipeline
      .configText({ tables })
      .replace(/ {2}output \{[^}]*\}/, outputs)
      .replace('127.0.0.1:0', http);
    return pipeline.file('dstream.hcl', text);
  };
  const check = async (config: string, ...args: readonly string[]) => {
    const { code, out, err } = await runDstream(['check', '--config', config, ...args], {
      env: pipeline.env,
    });
    for (const secret of secretsOf(pipeline.env)) expect(out + err).not.toContain(secret);
    return { code, out, err };
  };
  return { pipeline, folder, write, check };
}

function secretsOf(env: Readonly<Record<string, string>>): readonly string[] {
  return Object.values(env).flatMap((text) =>
    [...text.matchAll(/(?:Password|Key)=([^;]+)/gi)].map(([, value = '']) => value),
  );
}

function results(out: string): readonly CheckDocument[] {
  return out
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as CheckDocument);
}

const failed = (out: string) => results(out).filter(({ outcome }) => outcome === 'failed');

describe('a sound set-up', () => {
  test('passes, part by part in the order of the file, and is left as it was', async () => {
    const { folder, write, check } = await setUp();
    await using receiver = await HttpReceiver.start();
    const before = await readdir(folder);
    const { code, out, err } = await check(await write({ url: `${receiver.url}/changes` }));
    expect([code, err, failed(out)]).toEqual([0, '', []]);
    expect([...new Set(results(out).map(({ part }) => part))]).toEqual([
      'configuration',
      'process',
      'ingester.source',
      'ingester.topic',
      'ingester.locks',
      'processor.source',
      'processor.output.archive',
      'processor.output.hook',
      'service',
    ]);
    expect(receiver.requests).toEqual([]);
    expect((await readdir(folder)).sort()).toEqual([...before, 'dstream.hcl'].sort());
  });

  test('is a line a check for people, and counted', async () => {
    const { folder, write, check } = await setUp();
    const { code, out } = await check(await write(), '--text');
    expect(code).toBe(0);
    expect(out).toMatch(/^configuration\n {2}✓ .*dstream\.hcl is valid\n\nprocess\n/);
    expect(out).toContain(`\nprocessor.output.archive  file\n  ✓ files can be created in ${folder}\n`);
    expect(out).toMatch(/\n\d+ passed, \d+ warnings?, 0 failed\n$/);
  });

  test('of one service is what that service needs', async () => {
    const { write, check } = await setUp();
    const { out } = await check(await write(), 'processor');
    const parts = new Set(results(out).map(({ part }) => part));
    expect(parts).toContain('processor.source');
    expect([...parts].filter((part) => part.startsWith('ingester'))).toEqual([]);
  });

  test('needs no T-SQL', async () => {
    const { write, check } = await setUp();
    const { code, out } = await check(await write(), '--fix-sql');
    expect(code).toBe(0);
    expect(out).toMatch(/^-- T-SQL for what `dstream check` found with .*\n-- Nothing to run\.\n$/);
  });
});

test('in a terminal signs are in colour, and sentences keep to its width', async (context) => {
  context.skip(!hasTerminal(), 'it needs the command script of util-linux');
  const { pipeline, folder, write } = await setUp();
  const config = await write({ path: join(folder, 'new', 'a.jsonl') });
  const command = [process.execPath, dstream, 'check', 'processor', '--config', config];
  await using terminal = new Terminal(command, { columns: 60, rows: 60, env: pipeline.env });
  expect(await terminal.ended, terminal.text).toBe(1);
  expect(terminal.text).toContain('\u001b[32m✓');
  expect(terminal.text).toContain('\u001b[31m✗');
  const lines = terminal.lines.map((line) => line.trimEnd());
  expect(lines).toContain(`      mkdir -p ${join(folder, 'new')}`);
  const isCommand = (line: string) => /^ {6}(?:mkdir|az|GROUP=)/.test(line);
  expect(lines.filter((line) => line.length > 60 && !isCommand(line))).toEqual([]);
});

describe('what is missing', () => {
  test('fails, each with what to run, and the rest is looked at all the same', async () => {
    const { folder, write, check } = await setUp();
    const receiver = await HttpReceiver.start();
    const { url } = receiver;
    await receiver[Symbol.asyncDispose]();
    await using busy = await openMuteServer();
    const http = `127.0.0.1:${busy.port}`;
    const config = await write({ path: join(folder, 'new', 'a.jsonl'), url: `${url}/x`, http });
    const { code, out } = await check(config);
    expect(code).toBe(1);
    expect(failed(out)).toEqual([
      {
        part: 'processor.output.archive',
        check: 'file.directory',
        outcome: 'failed',
        subject: join(folder, 'new'),
        message: `${join(folder, 'new')}: the directory does not exist`,
        remedy: { kind: 'command', text: `mkdir -p ${join(folder, 'new')}` },
      },
      expect.objectContaining({ part: 'processor.output.hook', check: 'network.connect' }),
      expect.objectContaining({
        part: 'service',
        check: 'service.http',
        message: `${http} is taken by another process, which is not dstream`,
      }),
    ]);
  });

  test('of the database is T-SQL that can be run, and then nothing is missing', async () => {
    const { pipeline, write, check } = await setUp();
    await pipeline.database.query('CREATE TABLE dbo.Orders (ID int PRIMARY KEY, Total decimal(9, 2))');
    const config = await write({ tables: ['Persons', 'Orders'] });
    const before = await check(config, 'ingester');
    expect(before.code).toBe(1);
    expect(failed(before.out)).toMatchObject([{ check: 'sqlserver.table-captured', subject: 'dbo.Orders' }]);
    const { code, out: script } = await check(config, '--fix-sql');
    expect(code).toBe(1);
    for (const batch of script.split(/^GO$/m).filter((text) => /^[^-\s]/m.test(text)))
      await pipeline.database.batch(batch);
    expect((await check(config, 'ingester')).code).toBe(0);
  });

  test('is a variable that is not set: its part is not looked at', async () => {
    const { pipeline, write } = await setUp();
    const env = { ...pipeline.env, DSTREAM_BLOB_CONNECTION_STRING: undefined };
    const { code, out } = await runDstream(['check', '--config', await write()], { env });
    expect(code).toBe(1);
    expect(failed(out)).toEqual([
      expect.objectContaining({
        part: 'configuration',
        check: 'configuration.ready',
        remedy: {
          kind: 'advice',
          text: 'set the variable DSTREAM_BLOB_CONNECTION_STRING in the environment',
        },
      }),
    ]);
  });

  test('is an answer: what hangs fails in its time, and nothing else waits for it', async () => {
    const { write, check } = await setUp();
    await using mute = await openMuteServer();
    const { code, out } = await check(
      await write({ url: `http://127.0.0.1:${mute.port}/` }),
      '--timeout',
      '5s',
    );
    expect(code).toBe(1);
    expect(failed(out)).toMatchObject([
      { part: 'processor.output.hook', check: 'check.timeout', message: 'no answer within 5 s' },
    ]);
  });

  test('is not found out after Ctrl-C, which leaves nothing behind', async () => {
    const { pipeline, folder, write } = await setUp();
    await using mute = await openMuteServer();
    const config = await write({ url: `http://127.0.0.1:${mute.port}/` });
    const child = spawn(process.execPath, [dstream, 'check', '--config', config], {
      env: { ...process.env, ...pipeline.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    for await (const chunk of child.stdout) {
      out += String(chunk);
      if (out.includes('file.space')) break;
    }
    child.kill('SIGINT');
    const [code] = (await once(child, 'exit')) as [number | null];
    expect([code, err]).toEqual([1, 'dstream: interrupted\n']);
    expect((await readdir(folder)).filter((name) => name.includes('dstream-check'))).toEqual([]);
  });
});

describe('wrong usage', () => {
  test.each([
    ['an unknown service', ['sender'], "value 'sender' is invalid"],
    ['two forms at once', ['--json', '--fix-sql'], 'cannot be used with option'],
    ['a time that is none', ['--timeout', 'soon'], 'A timeout is a duration from 100ms to 10m'],
  ])('%s ends with 2', async (_, args, text) => {
    const { code, err } = await runDstream(['check', ...args]);
    expect(code).toBe(2);
    expect(err).toContain(text);
  });

  test.each([
    ['a wrong file', [], 'processor { outputs = 1 }\n', 'unknown key "outputs"'],
    [
      'a service that the file does not have',
      ['ingester'],
      'processor {\n  source {\n    type = "azure_service_bus"\n    topic = "t"\n    connection_string = "{{ env "NOT_SET" }}"\n  }\n  output {\n    type = "console"\n  }\n}\n',
      '<stdin>:1: missing block ingester, which this command needs; write ingester { … }',
    ],
  ])('%s ends with 2', async (_, args, input, text) => {
    const { code, out, err } = await runDstream(['check', ...args, '--config', '-'], { input });
    expect([code, out]).toEqual([2, '']);
    expect(err).toContain(text);
  });
});
