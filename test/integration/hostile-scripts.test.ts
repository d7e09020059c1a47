/** Scripts that try to hold up or to take over the process: each fails with its reason, and the next change goes on. */
import { readdirSync, readFileSync } from 'node:fs';
import type { DStreamError, StampedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { ScriptThread } from '../../libs/transforms/src/script/script-thread.ts';
import { ScriptTransform } from '../../libs/transforms/src/script/script-transform.ts';
import { aChange } from '../support/a-change.ts';

const folder = new URL('../fixtures/hostile-scripts/', import.meta.url);
const megabyte = 1024 * 1024;
/** CPU time of a new thread with a new engine, after the one that was ended. */
const restartMs = 400;

function stamped(n: number, data: StampedEvent['data']): StampedEvent {
  const change = aChange(n);
  return { ...change, data, metadata: { ...change.metadata, generation: 1, epoch: 1 } };
}

const bad = stamped(1, { N: 1, bad: true });
const good = stamped(2, { N: 2, bad: false });

const scripts = readdirSync(folder).map((name) => ({
  name,
  source: readFileSync(new URL(name, folder), 'utf8'),
}));

/** Taking memory takes time: what is to meet that limit gets more of it. */
function limitsOf(name: string) {
  const cpuMs = name.startsWith('memory') ? 1500 : 100;
  return { cpuMs, loadMs: 1000, memory: 16 * megabyte, allowClock: false };
}

function open({ name, source }: (typeof scripts)[number]): Promise<ScriptThread> {
  return ScriptThread.open({ name, source, ...limitsOf(name), logged: () => undefined });
}

function cpuUsedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

test('there are enough of them', () => {
  expect(scripts.length).toBeGreaterThan(60);
});

test.each(scripts)('$name', async (script) => {
  const [, reason = ''] = /^\/\/ fails: (.*)$/m.exec(script.source) ?? [];
  const failure = { code: 'TransformFailed', message: expect.stringMatching(new RegExp(reason)) as string };
  await using transform = new ScriptTransform(await open(script));
  const started = process.cpuUsage();
  const events = [bad, good, bad, good];
  const call = { signal: AbortSignal.timeout(30_000), route: () => undefined };
  const results = await transform.apply(events, call);
  expect(cpuUsedMs(started)).toBeLessThan(2 * (2 * limitsOf(script.name).cpuMs + restartMs));
  expect(results).toMatchObject([failure, [good], failure, [good]]);
  expect((results[1] as readonly StampedEvent[])[0]).toBe(good);
  expect((results[0] as DStreamError).message.length).toBeLessThan(1000);
});

test('what they took is given back', async () => {
  const taking = scripts.filter(({ name }) =>
    /^(memory-(array|pad|string|typed)|returned-huge|loop-in-array-j)/.test(name),
  );
  const runAll = async () => {
    for (const script of taking) {
      await using transform = new ScriptTransform(await open(script));
      await transform.apply([bad], { signal: AbortSignal.timeout(30_000), route: () => undefined });
    }
  };
  await runAll();
  const before = process.memoryUsage().rss;
  await runAll();
  await expect
    .poll(() => process.memoryUsage().rss - before, { timeout: 10_000 })
    .toBeLessThan(48 * megabyte);
}, 120_000);

describe('while a script loops', () => {
  const looping = scripts.find(({ name }) => name === 'loop-while.js') as (typeof scripts)[number];
  const call = { signal: new AbortController().signal, route: () => undefined };

  test('the process goes on: locks are renewed, other work is done', async () => {
    await using transform = new ScriptTransform(await open(looping));
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 10);
    await transform.apply(
      Array.from({ length: 20 }, () => bad),
      call,
    );
    clearInterval(timer);
    // 20 changes take 2 s of CPU time. A process that waits for each of them would have ticked 20 times.
    expect(ticks).toBeGreaterThan(60);
  });

  test('other sessions take turns with it', async () => {
    await using transform = new ScriptTransform(await open(looping));
    const ended: string[] = [];
    const session = async (name: string, event: StampedEvent, count: number) => {
      await transform.apply(
        Array.from({ length: count }, () => event),
        call,
      );
      ended.push(name);
    };
    await Promise.all([session('looping', bad, 15), session('one', good, 400), session('other', good, 400)]);
    expect(ended.at(-1)).toBe('looping');
  });
});
