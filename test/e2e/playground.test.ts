/** `npm start` as a program sees it. What a person sees is tested beside the sources of the playground. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeEnvelope } from '@dstream/core';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';

const main = fileURLToPath(new URL('../../apps/playground/src/main.ts', import.meta.url));

class Playground implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly errors: Promise<string>;
  /** What only this one and its descendants have in their environment. */
  readonly #mark = `DSTREAM_TEST_MARK=${crypto.randomUUID()}`;

  constructor(...args: readonly string[]) {
    const [name = '', value] = this.#mark.split('=');
    const env = { ...process.env, [name]: value };
    this.process = spawn(process.execPath, [main, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
    this.errors = text(this.process.stderr ?? Readable.from([]));
  }

  get output(): NodeJS.ReadableStream {
    if (this.process.stdout === null) throw new Error('the output is piped');
    return this.process.stdout;
  }

  async ended(): Promise<number | null> {
    if (this.process.exitCode === null && this.process.signalCode === null) await once(this.process, 'exit');
    return this.process.exitCode;
  }

  /** Resolves when the process and all that it started are gone. */
  async nothingLeft(): Promise<void> {
    const look = async () => (await this.#running()).length === 0;
    await until(look, () => 'no process is left', 2_000);
  }

  /** Process ids of the children, as Linux lists them. */
  async children(): Promise<readonly number[]> {
    return (await this.#running()).filter((pid) => pid !== this.process.pid);
  }

  async #running(): Promise<readonly number[]> {
    const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
    const marked = await Promise.all(pids.map((pid) => this.#isMarked(pid)));
    return pids.filter((_, n) => marked[n]).map(Number);
  }

  /** A process that has ended meanwhile, or has not been waited for, has no environment. */
  async #isMarked(pid: string): Promise<boolean> {
    return readFile(`/proc/${pid}/environ`, 'utf8').then(
      (environ) => environ.includes(this.#mark),
      () => false,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const pid of await this.#running()) process.kill(pid, 'SIGKILL');
    await this.ended();
  }
}

/** It gives a program a terminal; `-e` makes its exit code the program's. */
function hasScript(): boolean {
  return spawnSync('script', ['-qec', 'true', '/dev/null'], { stdio: 'ignore' }).status === 0;
}

/** `/proc` tells which processes are left. */
const onLinux = process.platform === 'linux';

test.skipIf(!onLinux)('piped it is JSON lines of changes and a summary', { timeout: 60_000 }, async () => {
  await using playground = new Playground('--for', '3s');
  const lines = (await text(playground.output as NodeJS.ReadableStream & AsyncIterable<string>))
    .trimEnd()
    .split('\n');
  expect(await playground.ended(), await playground.errors).toBe(0);

  const ids = new Set(lines.slice(0, -1).map((line) => decodeEnvelope(line).metadata.id));
  expect(ids.size).toBeGreaterThan(15);
  expect(JSON.parse(lines.at(-1) ?? '')).toEqual({
    written: ids.size,
    delivered: ids.size,
    missing: 0,
    repeats: lines.length - 1 - ids.size,
    outOfOrder: 0,
    latencyMs: { p50: expect.any(Number), p99: expect.any(Number) },
  });
  await playground.nothingLeft();
});

test.skipIf(!onLinux).each(['SIGINT', 'SIGTERM'] as const)(
  '%s stops everything within seconds, exit 0',
  async (name) => {
    await using playground = new Playground();
    await once(playground.output, 'data');
    playground.output.resume();
    const start = performance.now();
    playground.process.kill(name);
    expect(await playground.ended(), await playground.errors).toBe(0);
    expect(performance.now() - start).toBeLessThan(6_000);
    await playground.nothingLeft();
  },
);

test.skipIf(!onLinux)('a reader that goes away ends it, without a complaint', async () => {
  await using playground = new Playground();
  await once(playground.output, 'data');
  playground.process.stdout?.destroy();
  expect(await playground.ended()).toBe(0);
  expect(await playground.errors).not.toMatch(/^\s+at |EPIPE/m);
  await playground.nothingLeft();
});

test.skipIf(!onLinux)('a process that dies is said, and the playground ends with 1', async () => {
  await using playground = new Playground();
  await once(playground.output, 'data');
  playground.output.resume();
  const [victim] = await playground.children();
  process.kill(victim ?? 0, 'SIGKILL');
  expect(await playground.ended()).toBe(1);
  expect(await playground.errors).toMatch(
    /^playground: (ingester|processor)-[12] was killed by something else$/m,
  );
  await playground.nothingLeft();
});

test.skipIf(!onLinux)('a second signal kills at once what does not end', async () => {
  await using playground = new Playground();
  await once(playground.output, 'data');
  playground.output.resume();
  for (const pid of await playground.children()) process.kill(pid, 'SIGSTOP');
  playground.process.kill('SIGINT');
  // Shorter than this two signals are one press of Ctrl-C under npm.
  await sleep(450);
  const start = performance.now();
  playground.process.kill('SIGINT');
  expect(await playground.ended()).toBe(1);
  expect(performance.now() - start).toBeLessThan(1_000);
  await playground.nothingLeft();
});

test.skipIf(!onLinux)('Ctrl-C in a terminal ends it with 0 and leaves no live line', async (context) => {
  context.skip(!hasScript(), 'it needs the command script of util-linux');
  const command = `exec '${process.execPath}' '${main}'`;
  const terminal = spawn('script', ['-qec', command, '/dev/null'], { stdio: ['pipe', 'pipe', 'ignore'] });
  let screen = '';
  terminal.stdout.setEncoding('utf8').on('data', (chunk: string) => (screen += chunk));
  try {
    await until(
      () => screen.includes('insert'),
      () => `a change is seen; it shows:\n${screen}`,
    );
    terminal.stdin.write('\u0003');
    const [code] = (await once(terminal, 'exit')) as [number | null];
    expect(code, screen).toBe(0);
  } finally {
    terminal.kill('SIGKILL');
  }
  const last = screen.slice(screen.lastIndexOf('stopping the processes'));
  expect(last).toMatch(/written, \d+ delivered/);
  expect(last.split('\u001b[J').at(-1)).toMatch(/^from commit to console: .*\r\n$/);
});

test.each(['20', '0s', '-5s', 'soon'])('--for %s is one error and exit code 2', async (value) => {
  await using playground = new Playground('--for', value);
  expect(await playground.ended()).toBe(2);
  expect((await playground.errors).trim().split('\n')).toEqual([expect.stringContaining('such as 20s')]);
});
