/** `dstream transform test`: what it prints into a pipe and in a terminal, and its exit codes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TestedLineDocument } from '../../apps/dstream/src/transform-test/tested-line.ts';
import { dstream, runDstream } from '../support/status-command.ts';
import { hasTerminal, Terminal, widest } from '../support/terminal.ts';

/** The variables of the source and of the outputs are not set. */
const processor = `
processor {
  source {
    connection_string = "{{ env "NOT_SET_SOURCE" }}"
  }
  transform "no-notes" {
    type = "columns"
    match {
      tables = ["Orders"]
    }
    drop = ["Notes"]
  }
  transform "no-phone" {
    type = "columns"
    drop = ["Phone"]
  }
  route "large" {
    match {
      tables = ["dbo.Order*"]
    }
    when    = "data.Amount > 5.0"
    outputs = ["bus"]
  }
  output "bus" {
    type              = "azure_service_bus"
    connection_string = "{{ env "NOT_SET_OUTPUT" }}"
  }
  output "screen" {
    type = "console"
  }
  default_outputs = ["screen"]
}
`;

const input = [
  '{"data":{"ID":1,"Amount":7.5,"Notes":"late"},"metadata":{"table":"Orders"}}',
  '',
  '{"data":{"ID":2,"Phone":"12"},"metadata":{"table":"sales.People"}}',
  '{"data":{"ID":3},"metadata":{"table":"Other"}}',
].join('\n');

let folder = '';
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dstream-transform-test-'));
  await writeFile(file('dstream.hcl'), processor);
  await writeFile(file('changes.jsonl'), input);
});
afterAll(() => rm(folder, { recursive: true }));

async function run(args: readonly string[], stdin?: string) {
  const options = { cwd: folder, ...(stdin !== undefined && { input: stdin }) };
  const { code, out, err } = await runDstream(['transform', 'test', ...args], options);
  const lines = out.split('\n').filter((line) => line !== '');
  return { code, err, lines: lines.map((line) => JSON.parse(line) as TestedLineDocument) };
}

describe('dstream transform test', () => {
  test('prints a line of JSON for each change, from a file or standard input', async () => {
    const ran = await run(['--input', 'changes.jsonl']);
    expect([ran.code, ran.err]).toEqual([0, '']);
    expect(ran.lines.map(({ line, after, routes }) => [line, after.map(({ data }) => data), routes])).toEqual(
      [
        [1, [{ ID: 1, Amount: 7.5 }], [[{ output: 'bus' }]]],
        [3, [{ ID: 2 }], [[{ output: 'screen' }]]],
        [4, [{ ID: 3 }], [[{ output: 'screen' }]]],
      ],
    );
    expect(ran.lines[2]?.after).toEqual([ran.lines[2]?.before]);
    expect(await run(['--input', '-'], input)).toEqual(ran);
  });

  test('applies one transform without the routes', async () => {
    const { code, lines } = await run(['--input', 'changes.jsonl', '--transform', 'no-phone']);
    expect(code).toBe(0);
    expect(lines.map(({ after, routes }) => [after[0]?.data, routes])).toEqual([
      [{ ID: 1, Amount: 7.5, Notes: 'late' }, [null]],
      [{ ID: 2 }, [null]],
      [{ ID: 3 }, [null]],
    ]);
  });

  test('exits with 1 when a line cannot be read or fails; the others go on', async () => {
    const { code, err, lines } = await run(
      ['--input', '-'],
      `nonsense\n{"data":{"ID":1},"metadata":{"table":"Orders"}}\n${input}`,
    );
    expect([code, err, lines.length]).toEqual([1, '', 5]);
    expect(lines.slice(0, 2).map(({ before, after, failures }) => [before?.data, after, failures])).toEqual([
      [
        undefined,
        [],
        [
          {
            transform: null,
            code: 'MalformedMessage',
            reason: 'the change is not JSON',
            outcome: 'dead_letter',
          },
        ],
      ],
      [
        { ID: 1 },
        [],
        [
          {
            transform: null,
            code: 'TransformFailed',
            reason: expect.stringContaining('Amount'),
            outcome: 'dead_letter',
          },
        ],
      ],
    ]);
  });

  test.each([
    [['--input', 'none.jsonl'], 'none.jsonl: the file does not exist; name it with --input FILE'],
    [['--input', '.'], '.: it is a directory; name a file in it'],
    [['--input', '-'], '<stdin>: no changes to test'],
    [['--input', '-', '--config', '-'], 'only one of --config and --input can be standard input'],
    [
      ['--input', 'changes.jsonl', '--transform', 'mine'],
      'dstream.hcl: there is no transform "mine"; it has no-notes, no-phone',
    ],
    [[], "error: required option '--input <file>' not specified"],
  ])('exits with 2 for %j', async (args, message) => {
    const { code, err } = await run(args, '');
    expect(code).toBe(2);
    expect(err.split('\n')[0]).toBe(message);
  });

  test('needs the variables of the transforms and routes that it uses', async () => {
    const text = processor.replace('drop = ["Phone"]', 'drop = ["{{ env "NOT_SET_COLUMN" }}"]');
    await writeFile(file('variable.hcl'), text);
    const args = ['--config', 'variable.hcl', '--input', 'changes.jsonl'];
    const all = await run(args);
    expect([all.code, all.err]).toEqual([2, expect.stringContaining('NOT_SET_COLUMN')]);
    expect(all.err).toMatch(/^variable\.hcl:\d+: processor\.transform\.no-phone\.drop: /);
    expect((await run([...args, '--transform', 'no-notes'])).code).toBe(0);
  });

  test('in a terminal it shows what differs, in colour, and counts', async (context) => {
    context.skip(!hasTerminal(), 'it needs the command script of util-linux');
    const command = [process.execPath, dstream, 'transform', 'test', '--config', file('dstream.hcl')];
    const shown = [...command, '--input', file('changes.jsonl')];
    await using terminal = new Terminal(shown, { columns: 44, rows: 24 });
    expect(await terminal.ended, terminal.text).toBe(0);
    expect(terminal.lines.filter((line) => line !== '')).toEqual([
      '1 dbo.Orders insert changed → bus',
      '  - data.Notes  "late"',
      '3 sales.People insert changed → screen',
      '  - data.Phone  "12"',
      '4 dbo.Other insert unchanged → screen',
      '3 changes: 2 changed, 1 unchanged',
    ]);
    expect(terminal.text).toContain('\u001b[31m');
    expect(widest(terminal.lines)).toBeLessThanOrEqual(44);
    await using plain = new Terminal(shown, { columns: 80, rows: 24, env: { NO_COLOR: '1' } });
    await plain.ended;
    expect(plain.text).not.toContain('\u001b');
    await using json = new Terminal([...shown, '--json'], { columns: 80, rows: 24 });
    await json.ended;
    expect(json.text).toContain('{"line":1,"before":');
  });
});
