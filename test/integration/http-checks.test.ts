/** The checks of the output and the transform `http`, against servers of this machine. */
import type { CheckResult } from '@dstream/core';
import { checkEndpoint, type CheckedEndpoint } from '@dstream/http-client/check';
import { ManualClock } from '@dstream/memory/manual-clock';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HttpReceiver, status } from '../support/http-receiver.ts';
import { openMuteServer } from '../support/mute-server.ts';
import { trustedCertificate } from '../support/trusted-certificate.ts';

let receiver: HttpReceiver;
beforeEach(async () => {
  receiver = await HttpReceiver.start();
});
afterEach(() => receiver[Symbol.asyncDispose]());

async function check(given: Partial<CheckedEndpoint> = {}): Promise<readonly CheckResult[]> {
  const url = given.url ?? `${receiver.url}/changes?code=hunter2`;
  const endpoint = {
    url,
    shown: url.replace(/\?.*/, ''),
    headers: { authorization: 'Bearer hunter2' },
    signed: false,
    clock: new ManualClock(Date.now()),
    timeoutMs: 10_000,
    ...given,
  };
  const results: CheckResult[] = [];
  for await (const result of checkEndpoint(endpoint, { signal: new AbortController().signal }))
    results.push(result);
  expect(JSON.stringify(results)).not.toContain('hunter2');
  return results;
}

const text = ({ outcome, check: name, message }: CheckResult) => `${outcome} ${name}: ${message}`;

describe('a receiver', () => {
  test('that answers is asked by OPTIONS, with the headers, and is given nothing', async () => {
    const results = await check();
    expect(results.map(({ check: name, outcome }) => `${outcome} ${name}`)).toEqual([
      'passed network.resolve',
      'passed network.connect',
      'passed http.answer',
    ]);
    expect(receiver.asked).toMatchObject([
      { method: 'OPTIONS', path: '/changes?code=hunter2', headers: { authorization: 'Bearer hunter2' } },
    ]);
    expect(receiver.requests).toEqual([]);
  });

  test('that refuses OPTIONS is a warning', async () => {
    receiver.options = status(403);
    expect((await check()).map(text)).toContain(
      `warned http.answer: ${receiver.url}/changes answers 403 Forbidden`,
    );
  });

  test('whose clock is off is a warning where requests are signed', async () => {
    receiver.options = status(204, { date: new Date(Date.now() + 120_000).toUTCString() });
    const clock = new ManualClock(Date.now());
    const [, , , last] = await check({ signed: true, clock });
    expect(last).toMatchObject({ outcome: 'warned', check: 'http.clock' });
    expect(last?.message).toMatch(/differs by 1(19|20) s from this one$/);
    receiver.options = undefined;
    expect((await check({ signed: true })).map(({ outcome }) => outcome)).toEqual(Array(4).fill('passed'));
  });

  test('that is encrypted has its certificate looked at', async () => {
    await using secure = await HttpReceiver.start(await trustedCertificate());
    const names = (await check({ url: `${secure.url}/x` })).map(({ check: name }) => name);
    expect(names).toEqual(['network.resolve', 'network.connect', 'network.tls', 'http.answer']);
  });

  test('that is there and never answers fails in time', async () => {
    await using mute = await openMuteServer();
    const url = `http://127.0.0.1:${mute.port}/x`;
    const clock = new ManualClock();
    const checking = check({ url, clock, timeoutMs: 5_000 });
    while (clock.sleeping === 0) await new Promise((resolve) => setImmediate(resolve));
    await clock.advance(5_000);
    expect((await checking).map(text)).toContain(`failed http.answer: no answer from ${url} in time`);
  });

  test('that does not exist fails', async () => {
    const gone = receiver.url;
    await receiver[Symbol.asyncDispose]();
    receiver = await HttpReceiver.start();
    expect((await check({ url: `${gone}/x` })).at(-1)).toMatchObject({
      outcome: 'failed',
      check: 'network.connect',
    });
  });
});
