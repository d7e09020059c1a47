import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import type { Configuration } from '@dstream/config';
import type { CheckResult } from '@dstream/core';
import type { CheckedPart } from '@dstream/runtime/service-context';
import { configurationChecks } from './configuration-checks.ts';
import { judgeMemory, processChecks } from './process-checks.ts';
import { judgeAccess, judgeBusy } from './service-checks.ts';

async function resultsOf({ checks }: CheckedPart): Promise<readonly CheckResult[]> {
  const results: CheckResult[] = [];
  if (checks === undefined) return results;
  for await (const result of checks({ signal: new AbortController().signal })) results.push(result);
  return results;
}

const advice = (text: string) => ({ kind: 'advice', text });

describe('the configuration', () => {
  const note = 'd.hcl:9: processor.source.connection_string: the variable SB is not set';
  const other = 'd.hcl:3: ingester.poll: has no effect; remove it';
  const notBuilt = 'd.hcl:5: ingester.topic: type "kafka" is not built yet';
  const configuration = {
    file: 'd.hcl',
    notes: [other, notBuilt, note],
    unready: [
      { path: 'processor.source.connection_string', note },
      { path: 'ingester.topic', note: notBuilt },
    ],
  } as unknown as Configuration;

  test('fails for a variable that is not set, and warns of what has no effect', async () => {
    expect(await resultsOf(configurationChecks(configuration, ['processor']))).toEqual([
      {
        outcome: 'failed',
        check: 'configuration.ready',
        message: note,
        remedy: advice('set the variable SB in the environment'),
      },
      {
        outcome: 'warned',
        check: 'configuration.note',
        message: 'd.hcl:3: ingester.poll: has no effect',
        remedy: advice('remove it'),
      },
    ]);
  });

  test('fails for a type that is not built', async () => {
    expect((await resultsOf(configurationChecks(configuration, ['ingester'])))[0]).toEqual({
      outcome: 'failed',
      check: 'configuration.ready',
      message: notBuilt,
      remedy: advice('use another type'),
    });
  });

  test('fails where two outputs write to one file', async () => {
    const output = (name: string, path: string, type = 'file') => ({
      name,
      type,
      destinationNames: () => () => path,
    });
    const outputs = [
      output('a', 'x/y'),
      output('b', './x/y'),
      output('c', 'x/z'),
      output('d', 'x/y', 'queue'),
    ];
    const twice = {
      ...configuration,
      notes: [],
      unready: [],
      processor: { outputs },
    } as unknown as Configuration;
    const path = resolve('x/y');
    expect((await resultsOf(configurationChecks(twice, ['processor']))).slice(1)).toEqual([
      {
        outcome: 'failed',
        check: 'configuration.file-paths',
        subject: path,
        message: `the outputs a and b write to the same file, ${path}`,
        remedy: advice('give each output a path of its own'),
      },
    ]);
  });

  test('is valid else', async () => {
    expect(
      await resultsOf(configurationChecks({ ...configuration, notes: [], unready: [] }, ['ingester'])),
    ).toEqual([{ outcome: 'passed', check: 'configuration.valid', message: 'd.hcl is valid' }]);
  });
});

describe('memory', () => {
  const mib = 1_048_576;

  test('passes with room besides the heap', () => {
    expect(judgeMemory({ heap: 512 * mib, process: 640 * mib })).toEqual({
      outcome: 'passed',
      check: 'process.memory',
      message: 'the heap may grow to 512 MiB; the memory limit is 640 MiB',
    });
    expect(judgeMemory({ heap: 512 * mib, process: undefined })).toMatchObject({ outcome: 'passed' });
  });

  test('warns when the limit ends the process before the heap is full', () => {
    expect(judgeMemory({ heap: 512 * mib, process: 600 * mib })).toEqual({
      outcome: 'warned',
      check: 'process.memory',
      message: 'the heap may grow to 512 MiB; the memory limit is 600 MiB',
      remedy: advice(
        'raise the memory limit to 640 MiB or more, or a backlog may run the process out of memory',
      ),
    });
  });
});

describe('the port', () => {
  test('that was configured and is taken fails', () => {
    expect(judgeBusy(':::8080', 'EADDRINUSE', true)).toEqual({
      outcome: 'failed',
      check: 'service.http',
      message: ':::8080 is taken by another process, which is not dstream',
      remedy: advice('choose another port in service { http }, or 0 for any free one'),
    });
  });

  test('that is the default one and is taken is a warning', () => {
    expect(judgeBusy('127.0.0.1:8080', 'EADDRINUSE', false)).toMatchObject({
      outcome: 'warned',
      message:
        '127.0.0.1:8080 is taken by another process, which is not dstream: a service takes any free port instead',
    });
  });

  test.each([
    ['EACCES', 'choose port 1024 or higher in service { http }: lower ports need a privilege'],
    ['EADDRNOTAVAIL', 'name an address of this machine in service { http }, or ":8080" for all of them'],
  ])('that cannot be listened on for %s fails', (code, text) => {
    expect(judgeBusy('10.9.9.9:80', code, true)).toEqual({
      outcome: 'failed',
      check: 'service.http',
      message: `10.9.9.9:80 cannot be listened on here (${code})`,
      remedy: advice(text),
    });
  });
});

describe('access', () => {
  const none = { token: undefined, metricsAnonymous: false };

  test.each([
    ['127.0.0.1', none, 'no token: everything is served, on 127.0.0.1 only'],
    ['::', { ...none, token: '0123456789abcdef' }, 'status and metrics ask for the token'],
  ])('on %s with %j passes', (listened, service, message) => {
    expect(judgeAccess(listened, service)).toEqual({ outcome: 'passed', check: 'service.token', message });
  });

  test('of everybody without a token is a warning that says what is served', () => {
    expect(judgeAccess('::', { ...none, metricsAnonymous: true })).toEqual({
      outcome: 'warned',
      check: 'service.token',
      message: 'no token, and :: is not loopback: only /livez /readyz /metrics are served',
      remedy: advice('write token = "{{ env "DSTREAM_HTTP_TOKEN" }}" in service'),
    });
  });
});

test('the version of Node.js is shown', async () => {
  const limits = () => ({ heap: 1, process: undefined });
  expect((await resultsOf(processChecks(limits)))[0]).toEqual({
    outcome: 'passed',
    check: 'process.node',
    message: `Node.js ${process.versions.node}`,
  });
});
