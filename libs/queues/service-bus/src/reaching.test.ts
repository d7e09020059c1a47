import { DStreamError, silentLog, type ErrorCode, type Log, type LogFields } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { Reaching } from './reaching.ts';

function setup() {
  const said: string[] = [];
  const say = (level: string) => (sentence: string, fields?: LogFields) =>
    void said.push(`${level}: ${sentence}: ${String(fields?.['code'])}`);
  const log: Log = { ...silentLog, warn: say('warn'), error: say('error') };
  const clock = new ManualClock();
  const reaching = new Reaching({ entity: 'subscription s', clock, random: () => 0.5, log });
  const fails = (code: ErrorCode) => reaching.said(new DStreamError(code, 'no'));
  return { said, reaching, fails };
}

test('a cause that a person must mend is said when it follows one that passes, once an outage', () => {
  const { said, reaching, fails } = setup();
  reaching.succeeded();
  for (const code of [
    'Unreachable',
    'Unreachable',
    'EntityNotFound',
    'EntityNotFound',
    'Unreachable',
  ] as const)
    fails(code);
  const news = ['Unreachable', 'EntityNotFound'];
  const first = ['warn', 'error'].map((level, n) => `${level}: receiving fails, trying again: ${news[n]}`);
  expect(said).toEqual(first);
  reaching.succeeded();
  fails('EntityNotFound');
  expect(said).toEqual([...first, first[1]]);
});

test('before the first success a cause that a person must mend is thrown', () => {
  const { said, fails } = setup();
  expect(() => fails('EntityMismatch')).toThrow('no');
  expect(said).toEqual([]);
});
