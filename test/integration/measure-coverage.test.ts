/** `tools/measure/report-coverage.ts` in a process of its own. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { Profiler } from 'node:inspector';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';

const preload = new URL('../../tools/measure/report-coverage.ts', import.meta.url).href;

const program = `
  function atStart(): void {}
  function answer(): void { process.send?.('done'); }
  async function loop(): Promise<void> {
    for (;;) {
      await new Promise((resolve) => process.once('message', resolve));
      answer();
    }
  }
  atStart();
  void loop();
  process.send?.('ready');
`;

test('each answer tells what has run since the last one, also what was called before and went on', async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'dstream-measure-'));
  stack.defer(() => rm(folder, { recursive: true }));
  const file = join(folder, 'libs', 'program.ts');
  await mkdir(join(folder, 'libs'));
  await writeFile(file, program);
  const socket = join(folder, 'socket');
  const child = fork(file, {
    execArgv: [`--import=${preload}`],
    env: { ...process.env, DSTREAM_MEASURE_SOCKET: socket },
  });
  stack.defer(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  });
  const ran = async () => {
    const scripts = JSON.parse(await text(connect(socket))) as readonly Profiler.ScriptCoverage[];
    const counted = (name: string) =>
      scripts
        .flatMap(({ functions }) => functions)
        .some(({ functionName, ranges }) => functionName === name && ranges.some(({ count }) => count > 0));
    return ['atStart', 'loop', 'answer'].filter(counted);
  };
  await once(child, 'message');
  expect(await ran()).toEqual(['atStart', 'loop']);
  expect(await ran()).toEqual([]);
  const answered = once(child, 'message');
  child.send('go on');
  await answered;
  expect(await ran()).toEqual(['loop', 'answer']);
});
