import { expect, test } from 'vitest';
import { usageHint } from './program.ts';

const known = new Set(['--config', '--instance']);

test.each([
  ["error: unknown option '-config'\n", '(Options have two dashes: --config)\n'],
  [
    "error: unknown option '--config'\n",
    '(Write it after a command that has it: dstream COMMAND --config)\n',
  ],
  ["error: unknown option '--confg'\n(Did you mean --config?)\n", ''],
  ["error: unknown option '--colour'\n", ''],
  ["error: unknown command 'ingster'\n", ''],
  [
    "error: too many arguments for 'ingester'. Expected 0 arguments but got 1.\n",
    '(Name the configuration file with --config FILE)\n',
  ],
  ["error: too many arguments for 'validate'. Expected 1 argument but got 2.\n", ''],
])('%j is followed by %j', (text, hint) => {
  expect(usageHint(text, known)).toBe(hint);
});
