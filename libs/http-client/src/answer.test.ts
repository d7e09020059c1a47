import { describe, expect, test } from 'vitest';
import { errorOfAnswer, retryAfterMs } from './answer.ts';
import type { HttpAnswer } from './http-client.ts';

const answer = (status: number, headers: HttpAnswer['headers'] = {}, body = ''): HttpAnswer => ({
  status,
  headers,
  body: Buffer.from(body),
  isWhole: true,
});

const receiver = { url: 'https://h/hook?code=hunter2', shown: 'https://h/hook' };
const rules = {
  lastingStatuses: new Set([400, 413, 422]),
  hide: (text: string) => text.replaceAll('hunter2', '[secret]'),
};

describe('what a status means', () => {
  test.each([200, 202, 204])('%i: the receiver has the changes', (status) => {
    expect(errorOfAnswer(answer(status), receiver, rules)).toBeUndefined();
  });

  test.each([
    [400, 'Rejected', 'dead-letter'],
    [413, 'MessageTooLarge', 'dead-letter'],
    [422, 'Rejected', 'dead-letter'],
    [408, 'TimedOut', 'retry'],
    [425, 'Transient', 'retry'],
    [429, 'Throttled', 'retry'],
    [500, 'Transient', 'retry'],
    [503, 'Throttled', 'retry'],
    [504, 'TimedOut', 'retry'],
    [599, 'Transient', 'retry'],
    [302, 'Unauthorized', 'fatal'],
    [401, 'Unauthorized', 'fatal'],
    [403, 'Unauthorized', 'fatal'],
    [404, 'EntityNotFound', 'fatal'],
    [405, 'Unauthorized', 'fatal'],
    [407, 'Unauthorized', 'fatal'],
    [409, 'Unauthorized', 'fatal'],
    [410, 'EntityNotFound', 'fatal'],
  ] as const)('%i is %s: %s', (status, code, disposition) => {
    expect(errorOfAnswer(answer(status), receiver, rules)).toMatchObject({ code, disposition });
  });

  test('a refusal has the words of the receiver: one line, cut, without secrets', () => {
    const said = `no\n  column "hunter2"${'x'.repeat(500)}`;
    const { message = '' } = errorOfAnswer(answer(400, {}, said), receiver, rules) ?? {};
    expect(message).toMatch(/^https:\/\/h\/hook answered 400 Bad Request: no column "\[secret\]"x+…$/);
    expect(message.length).toBeLessThan(300);
  });

  test('a compressed body is not shown', () => {
    const compressed = answer(400, { 'content-encoding': 'gzip' }, 'words');
    expect(errorOfAnswer(compressed, receiver, rules)?.message).toBe(
      'https://h/hook answered 400 Bad Request',
    );
  });

  test('a redirect that is not followed names its target, without its query', () => {
    const redirect = answer(301, { location: 'https://other/hook?code=hunter2' });
    expect(errorOfAnswer(redirect, receiver, rules)?.message).toBe(
      'https://h/hook answered 301 Moved Permanently: redirects to another host or method are not followed; is the url https://other/hook?',
    );
  });
});

describe('Retry-After', () => {
  const now = Date.parse('2026-11-20T09:15:30Z');

  test.each([
    [429, '7', 7_000],
    [503, 'Fri, 20 Nov 2026 09:16:00 GMT', 30_000],
    [503, 'Fri, 20 Nov 2026 09:15:00 GMT', 0],
    [429, '86400', 3_600_000],
    [429, 'soon', 0],
    [429, undefined, 0],
    [500, '7', 0],
  ])('%i with %s is a wait of %i ms', (status, value, ms) => {
    expect(retryAfterMs(answer(status, { 'retry-after': value }), now)).toBe(ms);
  });
});
