import { DStreamError, silentLog, type ErrorCode, type Log, type LogFields } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { expect, test } from 'vitest';
import { ConnectionRetry } from './delivery-source.ts';

function setup() {
  const said: string[] = [];
  const say = (level: string) => (sentence: string, fields?: LogFields) =>
    void said.push(`${level}: ${sentence}: ${String(fields?.['code'])}`);
  const log: Log = { ...silentLog, warn: say('warn'), error: say('error') };
  const clock = new ManualClock();
  const connection = new ConnectionRetry({ entity: 'subscription s', clock, random: () => 0.5, log });
  const fails = (code: ErrorCode) => connection.report(new DStreamError(code, 'no'));
  return { said, connection, fails };
}

test('a cause that a person must fix is logged when it follows a transient one, once an outage', () => {
  const { said, connection, fails } = setup();
  connection.succeeded();
  for (const code of [
    'Unreachable',
    'Unreachable',
    'EntityNotFound',
    'EntityNotFound',
    'Unreachable',
  ] as const)
    fails(code);
  const news = ['Unreachable', 'EntityNotFound'];
  const first = ['warn', 'error'].map((level, n) => `${level}: receiving failed; retrying: ${news[n]}`);
  expect(said).toEqual(first);
  connection.succeeded();
  fails('EntityNotFound');
  expect(said).toEqual([...first, first[1]]);
});

test('before the first success a cause that a person must fix is thrown', () => {
  const { said, fails } = setup();
  expect(() => fails('EntityMismatch')).toThrow('no');
  expect(said).toEqual([]);
});
