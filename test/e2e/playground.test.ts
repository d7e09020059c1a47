/** `npm start` as a program sees it; `playground-terminal.test.ts` has what a person sees. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { decodeEnvelope } from '@dstream/core';
import { expect, test } from 'vitest';
import { MarkedProcesses, onLinux } from '../support/marked-processes.ts';

const main = fileURLToPath(new URL('../../apps/playground/src/main.ts', import.meta.url));

class Playground implements AsyncDisposable {
  readonly process: ChildProcess;
  readonly errors: Promise<string>;
  readonly #marked = new MarkedProcesses();

  constructor(...args: readonly string[]) {
    const env = { ...process.env, ...this.#marked.env };
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
  nothingLeft(): Promise<void> {
    return this.#marked.nothingLeft();
  }

  /** Process ids of the children. */
  async children(): Promise<readonly number[]> {
    return (await this.#marked.pids()).filter((pid) => pid !== this.process.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#marked.kill();
    await this.ended();
  }
}

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

test.each(['20', '0s', '-5s', 'soon'])('--for %s is one error and exit code 2', async (value) => {
  await using playground = new Playground('--for', value);
  expect(await playground.ended()).toBe(2);
  expect((await playground.errors).trim().split('\n')).toEqual([expect.stringContaining('such as 20s')]);
});
