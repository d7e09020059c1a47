import { expect, test } from 'vitest';
import { runCommand, type CommandParts } from './command.ts';

/** A command whose services and tests only note that they ran. */
function command(change: Partial<CommandParts> = {}) {
  const lines: string[] = [];
  const done: unknown[] = [];
  const services = (name: string) => async () => ({
    env: { DSTREAM_TEST_X: name },
    [Symbol.asyncDispose]: async () => void done.push(`${name} stopped`),
  });
  const parts: CommandParts = {
    env: { DSTREAM_TEST_ACCEPT_EULA: 'Y' },
    write: (line) => lines.push(line),
    whyNoRuntime: () => Promise.resolve(undefined),
    startContainers: services('containers'),
    startStandIns: services('stand-ins'),
    runTests: (files, env) => {
      done.push([files, env]);
      return Promise.resolve(3);
    },
    ...change,
  };
  return { lines, done, run: (...args: string[]) => runCommand(args, parts) };
}

const suites = ['test/contract', 'test/e2e', 'test/integration/sqlserver-values'];

test('without a container runtime it says so in one line, closes as every run does, and succeeds', async () => {
  const { lines, done, run } = command({ whyNoRuntime: () => Promise.resolve('no socket'), env: {} });
  expect(await run()).toBe(0);
  expect(lines).toEqual([
    'skipped: there is no container runtime here (no socket)',
    '0 passed, 0 failed, 1 skipped',
  ]);
  expect(done).toEqual([]);
});

test('nothing is started before the licences are accepted', async () => {
  const { lines, done, run } = command({ env: {} });
  expect(await run()).toBe(2);
  expect(lines).toEqual([expect.stringContaining('set DSTREAM_TEST_ACCEPT_EULA=Y')]);
  expect(done).toEqual([]);
});

test('the suites run on the containers, which are stopped afterwards, and their exit code counts', async () => {
  const { done, run } = command();
  expect(await run()).toBe(3);
  expect(done).toEqual([[suites, { DSTREAM_TEST_X: 'containers' }], 'containers stopped']);
});

test('tests that cannot be run leave no container behind', async () => {
  const { done, run } = command({ runTests: () => Promise.reject(new Error('no vitest')) });
  await expect(run()).rejects.toThrow('no vitest');
  expect(done).toEqual(['containers stopped']);
});

test('the stand-ins need neither a runtime nor licences; files can be named', async () => {
  const { done, run } = command({ env: {}, whyNoRuntime: () => Promise.resolve('no socket') });
  expect(await run('--stand-ins', 'test/contract/topic')).toBe(3);
  expect(done).toEqual([[['test/contract/topic'], { DSTREAM_TEST_X: 'stand-ins' }], 'stand-ins stopped']);
});

test('a dry run starts nothing', async () => {
  const { lines, done, run } = command();
  expect(await run('--dry-run')).toBe(0);
  expect(lines.join('\n')).toContain('mcr.microsoft.com/mssql/server:2022-latest');
  expect(done).toEqual([]);
});
