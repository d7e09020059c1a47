import { expect, test } from 'vitest';
import type { ForeignClient, Report } from './foreign-client.ts';
import { runClients } from './run-clients.ts';

const tool = { name: 'go', probe: ['go', 'version'] } as const;

function client(run: (report: Report) => void, fields: Partial<ForeignClient> = {}): ForeignClient {
  return {
    name: 'go/one',
    tools: [tool],
    prepare: () => Promise.resolve(),
    run: (report) => Promise.resolve(run(report)),
    ...fields,
  };
}

async function outcome(clients: readonly ForeignClient[], installed = true) {
  const lines: string[] = [];
  const parts = {
    write: (line: string) => lines.push(line),
    isInstalled: () => Promise.resolve(installed),
  };
  return { code: await runClients(clients, parts, AbortSignal.timeout(5_000)), lines };
}

test('every check has a line, and the last line counts them', async () => {
  const mixed = client((report) => {
    report.passed('send');
    report.skipped('peek', 'not offered');
  });
  expect(await outcome([mixed])).toEqual({
    code: 0,
    lines: ['passed   go/one: send', 'skipped  go/one: peek: not offered', '1 passed, 0 failed, 1 skipped'],
  });
});

test('a failed check fails the run, and the next client runs all the same', async () => {
  const { code, lines } = await outcome([
    client((report) => report.failed('send', 'timed out')),
    client((report) => report.passed('receive')),
  ]);
  expect([code, lines.at(-1)]).toEqual([1, '1 passed, 1 failed, 0 skipped']);
});

test('a client whose tools are absent is skipped and not touched', async () => {
  const untouched = client(() => undefined, { prepare: () => Promise.reject(new Error('touched')) });
  expect(await outcome([untouched], false)).toEqual({
    code: 0,
    lines: ['skipped  go/one: all: no go on this machine', '0 passed, 0 failed, 1 skipped'],
  });
});

test.each([
  ['prepare', { prepare: () => Promise.reject(new Error('no network')) }],
  ['run', { run: () => Promise.reject(new Error('no network')) }],
])('a client that cannot %s fails with the reason', async (step, fields) => {
  const { code, lines } = await outcome([client(() => undefined, fields)]);
  expect([code, lines[0]]).toEqual([1, `failed   go/one: ${step}: no network`]);
});

const never = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

test('a client that takes longer than its limit is skipped from there on, and what had failed still fails', async () => {
  const slow = client((report) => report.failed('send', 'refused'), { limitMs: 6 });
  const { code, lines } = await outcome([
    { ...slow, prepare: never },
    { ...slow, run: (report, signal) => slow.run(report, signal).then(() => never(signal)) },
  ]);
  expect({ code, lines }).toEqual({
    code: 1,
    lines: [
      'skipped  go/one: prepare: stopped after its limit of 0.0001 minutes',
      'failed   go/one: send: refused',
      'skipped  go/one: run: stopped after its limit of 0.0001 minutes',
      '0 passed, 1 failed, 2 skipped',
    ],
  });
});
