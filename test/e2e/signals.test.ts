/** How a `dstream` process lives and ends as a shell, a terminal or npm leaves it: signals, closed readers, lost parents. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, test } from 'vitest';
import { createCapturedTable, insertRows } from '../support/database.ts';
import { MarkedProcesses, onLinux } from '../support/marked-processes.ts';
import { Pipeline } from '../support/pipeline.ts';
import { launcher } from '../support/program.ts';
import { until } from '../support/until.ts';

/** A line of sh, in which "$@" is a `dstream` command. Killed at the end of the test, with all that it started. */
class Shell implements AsyncDisposable {
  readonly child: ChildProcess;
  readonly ended: Promise<readonly [number | null, NodeJS.Signals | null]>;
  readonly marked = new MarkedProcesses();
  err = '';

  constructor(
    line: string,
    args: readonly string[],
    env: object,
    stdio: StdioOptions = ['ignore', 'pipe', 'pipe'],
  ) {
    const all = { ...process.env, DSTREAM_PARENT: undefined, ...env, ...this.marked.env };
    this.child = spawn('/bin/sh', ['-c', line, 'sh', launcher, ...args], { env: all, stdio });
    this.child.stderr?.on('data', (data: Buffer) => (this.err += data.toString()));
    this.ended = once(this.child, 'close') as Promise<[number | null, NodeJS.Signals | null]>;
  }

  said(text: string): Promise<unknown> {
    return until(
      () => this.err.includes(text),
      () => `the log says "${text}"; it said:\n${this.err}`,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.marked.kill();
  }
}

/** A table, a processor that takes its changes, and a configuration for the ingester under test. */
async function start() {
  const pipeline = await Pipeline.start();
  await createCapturedTable(pipeline.database, 'T');
  const config = await pipeline.config({ tables: ['T'] });
  const args = ['ingester', '--config', config, '--log-format', 'json'];
  const flows = async (from: number) => {
    await insertRows(pipeline.database, 'T', { from, to: from + 9 });
    await pipeline.arrivedDistinct(from + 9);
  };
  return { pipeline, config, args, flows, [Symbol.asyncDispose]: () => pipeline[Symbol.asyncDispose]() };
}

describe('signals', () => {
  test('SIGHUP drains and says so; a second one, as a closing terminal sends it, changes nothing', async () => {
    await using run = await start();
    const processor = run.pipeline.run('processor', run.config);
    const ingester = run.pipeline.run('ingester', run.config);
    await run.flows(1);
    for (const one of [ingester, processor]) {
      one.signal('SIGHUP');
      one.signal('SIGHUP');
      expect(await one.ended).toBe(0);
      await one.logged('draining');
      await one.logged('"stopped"');
    }
  });

  test('SIGQUIT aborts at once, logs it, and ends with 1', async ({ skip }) => {
    await using run = await start();
    const processor = run.pipeline.run('processor', run.config);
    run.pipeline.run('ingester', run.config);
    run.pipeline.faults(skip).serviceBus.delaySettlements(60_000);
    await run.flows(1);
    processor.signal('SIGQUIT');
    expect(await processor.ended).toBe(1);
    await processor.logged('aborting');
  });

  test('SIGHUP does nothing where the process was started with it ignored, as by nohup', async () => {
    await using run = await start();
    run.pipeline.run('processor', run.config);
    await using ingester = new Shell('trap "" HUP; exec "$@"', run.args, run.pipeline.env);
    await run.flows(1);
    ingester.child.kill('SIGHUP');
    await run.flows(11);
    ingester.child.kill('SIGTERM');
    expect(await ingester.ended).toEqual([0, null]);
    expect(ingester.err).not.toContain('SIGHUP');
  });
});

describe('a closed reader', () => {
  test('of the log costs lines, not the work', async () => {
    await using run = await start();
    run.pipeline.run('processor', run.config);
    await using ingester = new Shell('exec "$@"', run.args, run.pipeline.env);
    await ingester.said('listening');
    ingester.child.stderr?.destroy();
    await run.flows(1);
    ingester.child.kill('SIGTERM'); // which is logged
    expect(await ingester.ended).toEqual([0, null]);
  });

  test.skipIf(!onLinux)('nor does a full disk, nor descriptors that are closed', async () => {
    await using run = await start();
    const processor = run.pipeline.run('processor', run.config);
    for (const [n, line] of ['exec "$@" 2>/dev/full', 'exec "$@" <&- >&- 2>&-'].entries()) {
      await using ingester = new Shell(line, run.args, run.pipeline.env);
      await run.flows(1 + 10 * n);
      ingester.child.kill('SIGTERM');
      expect(await ingester.ended).toEqual([0, null]);
    }
    expect(await processor.stop()).toBe(0);
  });

  test.each([['--help'], ['--version'], ['validate', '--config', 'FILE']])(
    'of what `dstream %s` prints is no failure',
    async (...args) => {
      await using run = await start();
      const words = args.map((one) => (one === 'FILE' ? run.config : one));
      await using command = new Shell('exec "$@"', words, run.pipeline.env);
      command.child.stdout?.destroy();
      expect([await command.ended, command.err]).toEqual([[0, null], '']);
    },
  );
});

/** What npm leaves when it is killed: a process of its own, or a shell of its own that waits for it. */
const underNpm = ['"$@" & wait', `/bin/sh -c '"$@"; exit' sh "$@" & wait`];

test.skipIf(!onLinux).each(underNpm)('under npm a process drains when npm has gone: %s', async (line) => {
  await using run = await start();
  run.pipeline.run('processor', run.config);
  await using npm = new Shell(line, run.args, { ...run.pipeline.env, npm_command: 'exec' });
  await run.flows(1);
  npm.child.kill('SIGKILL');
  await npm.said('parent process is gone');
  await npm.said('"stopped"');
  expect(await npm.ended).toEqual([null, 'SIGKILL']);
  await npm.marked.nothingLeft();
});
