import { describe, expect, test } from 'vitest';
import { formatDuration, parseDuration } from './go-duration.ts';
import { nearest } from './nearest.ts';
import { expandTemplates, templatePieces } from '../schema/templates.ts';
import { isLocal } from './broker-connection-string.ts';
import { secretParts } from './connection-strings.ts';

describe("durations are Go's", () => {
  test.each([
    ['200ms', 200],
    ['5s', 5000],
    ['1h30m', 5_400_000],
    ['1.5s', 1500],
    ['.5m', 30_000],
    ['500us', 0.5],
    ['0', 0],
    ['', undefined],
    ['5', undefined],
    ['-5s', undefined],
    ['5 s', undefined],
    ['1d', undefined],
  ])('%j', (text, ms) => expect(parseDuration(text)).toBe(ms));

  test.each([
    [0, '0s'],
    [90_000, '1m30s'],
    [3_600_250, '1h250ms'],
  ])('%d ms are written %s', (ms, text) => expect(formatDuration(ms)).toBe(text));
});

describe('templates', () => {
  const env = { A: 'one', B: '{{ env "A" }} ${x}', EMPTY: '' };

  test('take variables, in quotes or backticks, and what comes out is not looked at again', () => {
    const { text, variables } = expandTemplates('{{ env "A" }}-{{env `B`}}-{{- env "A" -}}', env, false);
    expect({ text, variables }).toEqual({ text: 'one-{{ env "A" }} ${x}-one', variables: ['A', 'B', 'A'] });
  });

  test('name the variables that are not set or empty', () => {
    expect(expandTemplates('{{ env "NO" }}{{ env "EMPTY" }}{{ env "toString" }}', env, false).unset).toEqual([
      'NO',
      'EMPTY',
      'toString',
    ]);
  });

  test('keep the names that are filled in for each change', () => {
    const text = '{{ server }}.{{ database }}.{{schema}}.{{ table }}';
    expect(expandTemplates(text, env, true)).toEqual({ text, variables: [], unset: [], faults: [] });
  });

  test('are read in pieces: text, and parts of a change', () => {
    expect(templatePieces('{{ table }} of {{ data.Order Date }}{{key.N}}.')).toEqual([
      { part: 'table' },
      ' of ',
      { part: 'data.Order Date' },
      { part: 'key.N' },
      '.',
    ]);
    expect(templatePieces('plain {{ odd }}')).toEqual(['plain {{ odd }}']);
  });
});

test.each([
  ['localhost', true],
  ['127.0.0.1', true],
  ['[::1]', true],
  ['127.0.0.1.example.com', false],
  ['localhost.example.com', false],
  ['shop.servicebus.windows.net', false],
])('%s is this machine: %s', (host, expected) => expect(isLocal(host)).toBe(expected));

test.each([
  ['Server=x;Password={a;b};PWD=pw==', 'pw=='],
  ['Server=x;Password={a;b};Encrypt=true', 'a;b'],
  ['Server=x;Password="a;b=c"', 'a;b=c'],
  ['Endpoint=sb://x/;SharedAccessKey=abc+/d=', 'abc+/d='],
  ['sqlserver://sa:p%40ss@host:1433?database=x', 'p@ss'],
  ['sqlserver://sa:p@ss:w@host:1433', 'p@ss:w'],
  ['sqlserver://host?user=a&password=q%2Fr', 'q/r'],
])('the secret of a connection string is found by itself: %s', (text, secret) => {
  expect(secretParts(text)).toContain(secret);
});

test.each([
  ['pol_interval', 'poll_interval'],
  ['pollInterval', 'poll_interval'],
  ['poll_intreval', 'poll_interval'],
  ['colour', undefined],
])('%s is nearest to %s', (word, expected) => {
  expect(nearest(word, ['name', 'poll_interval', 'max_poll_interval'])).toBe(expected);
});
