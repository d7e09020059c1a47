import { expect, test } from 'vitest';
import { reportLine, runProgram } from './program.ts';

function reported(line: string): unknown {
  const said: unknown[] = [];
  const report = {
    passed: (check: string) => said.push(['passed', check]),
    failed: (check: string, why: string) => said.push(['failed', check, why]),
    skipped: (check: string, why: string) => said.push(['skipped', check, why]),
  };
  return reportLine(line, report) ? said[0] : 'no check';
}

test.each([
  ['ok send: one', ['passed', 'send: one']],
  ['not ok send: expected 1: got 2', ['failed', 'send', 'expected 1: got 2']],
  ['not ok send', ['failed', 'send', 'no reason given']],
  ['skip peek: not offered', ['skipped', 'peek', 'not offered']],
  ['okay', 'no check'],
  ['warning: ok', 'no check'],
])('%s', (line, expected) => {
  expect(reported(line)).toEqual(expected);
});

test('a program that is stopped says why', async () => {
  const program = { command: process.execPath, args: ['--version'], cwd: new URL('.', import.meta.url) };
  const none = { passed: () => undefined, failed: () => undefined, skipped: () => undefined };
  const stopped = runProgram(program, none, AbortSignal.abort(new Error('enough')));
  await expect(stopped).rejects.toThrow(/was stopped: Error: enough/);
});
