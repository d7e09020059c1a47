import { DStreamError, type StampedEvent, type TransformCall } from '@dstream/core';
import type { HttpAnswer, HttpRequest } from '@dstream/http-client';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { HttpTransform, type HttpTransformLimits } from './http-transform.ts';

type Change = Omit<StampedEvent, 'data'> & { data: Record<string, unknown> };
type Answer = (changes: Change[]) => unknown;

const event = (n: number, text = ''): StampedEvent => {
  const { data, metadata } = aChange(n);
  return { data: { ...data, text }, metadata: { ...metadata, generation: 1, epoch: 1 } };
};
const events = [1, 2, 3, 4, 5].map((n) => event(n));
const call: TransformCall = { signal: new AbortController().signal, route: () => undefined };

function answerOf(value: unknown): HttpAnswer {
  const body = Buffer.from(typeof value === 'string' ? value : JSON.stringify(value));
  return { status: 200, headers: { 'content-type': 'application/json' }, body, isWhole: true };
}

/** A service that answers with what `answer` makes of the changes; an `HttpAnswer` is answered as it is. */
function serviceOf(answer: Answer, limits: Partial<HttpTransformLimits> = {}) {
  const asked: unknown[][] = [];
  const requests: Omit<HttpRequest, 'url' | 'shown'>[] = [];
  const endpoint = {
    shown: 'https://service/x',
    // eslint-disable-next-line typescript/require-await -- what it throws has to reject
    ask: async (request: Omit<HttpRequest, 'url' | 'shown'>) => {
      requests.push(request);
      const changes = JSON.parse(Buffer.from(request.body ?? []).toString()) as Change[];
      asked.push(changes.map(({ data }) => data['N']));
      const answered = answer(changes);
      return typeof answered === 'object' && answered !== null && 'isWhole' in answered
        ? (answered as HttpAnswer)
        : answerOf(answered);
    },
  };
  const transform = new HttpTransform({
    endpoint,
    headers: { authorization: 'Bearer x' },
    limits: { maxChanges: 2, maxBytes: 100_000, maxAnswerBytes: 1_000, ...limits },
    close: () => Promise.resolve(),
  });
  return { transform, asked, requests };
}

describe('the http transform', () => {
  test('asks about all changes in order, in requests of limited size', async () => {
    const { transform, asked, requests } = serviceOf((changes) => changes);
    const results = await transform.apply(events, call);
    expect(asked).toEqual([[1, 2], [3, 4], [5]]);
    expect(results.map((made) => made instanceof DStreamError || made[0])).toEqual(events);
    expect(results.every((made, n) => !(made instanceof DStreamError) && made[0] === events[n])).toBe(true);
    expect(requests[0]).toMatchObject({
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'application/json', authorization: 'Bearer x' },
      maxAnswerBytes: 1_000,
    });
  });

  test('a request has at most so many bytes; a larger change is sent alone', async () => {
    const bytes = Buffer.byteLength(JSON.stringify([event(1), event(2)]));
    const { transform, asked, requests } = serviceOf((changes) => changes, {
      maxChanges: 10,
      maxBytes: bytes,
    });
    await transform.apply([event(1), event(2), event(3), event(4, 'x'.repeat(bytes)), event(5)], call);
    expect(asked).toEqual([[1, 2], [3], [4], [5]]);
    expect(requests[0]?.body).toHaveLength(bytes);
    const less = serviceOf((changes) => changes, { maxChanges: 10, maxBytes: bytes - 1 });
    await less.transform.apply([event(1), event(2)], call);
    expect(less.asked).toEqual([[1], [2]]);
  });

  test('takes null, a change and a list for each, and says which are wrong', async () => {
    const { transform } = serviceOf(
      ([, b, c, d]) => [
        null,
        { ...b, data: { N: 'two' } },
        [c, c],
        { ...d, metadata: { ...d?.metadata, id: 'x' } },
      ],
      { maxChanges: 4 },
    );
    const [dropped, changed, several, wrong] = await transform.apply(events.slice(0, 4), call);
    expect(dropped).toEqual([]);
    expect(changed).toMatchObject([{ data: { N: 'two' } }]);
    expect(several).toEqual([events[2], events[2]]);
    expect(wrong).toMatchObject({ code: 'TransformFailed', message: expect.stringContaining('metadata.id') });
  });

  test.each([
    [
      '[]',
      'https://service/x answered 2 changes with an array of 0; element i must be what becomes of change i: null, a change, or an array',
    ],
    [
      '[1,2,3]',
      'https://service/x answered 2 changes with an array of 3; element i must be what becomes of change i: null, a change, or an array',
    ],
    [
      '{}',
      'https://service/x answered 2 changes with no array; element i must be what becomes of change i: null, a change, or an array',
    ],
    ['', 'https://service/x answered with what is not JSON'],
    [
      '[1e400]',
      'https://service/x answered with a number in "0" that has more digits than a double holds; answer with a string',
    ],
  ])('the answer %j is a failure that one of the changes may cause', async (text, message) => {
    const { transform } = serviceOf(() => answerOf(text));
    await expect(transform.apply(events.slice(0, 2), call)).rejects.toThrow(
      expect.objectContaining({ code: 'TransformFailed', message }),
    );
  });

  test('so are an answer that is too long and one that is not UTF-8', async () => {
    const long = serviceOf(() => ({ ...answerOf('[1'), isWhole: false }));
    await expect(long.transform.apply(events, call)).rejects.toMatchObject({
      code: 'TransformFailed',
      message:
        'https://service/x answered with more than 2 bytes; raise max_response_bytes or lower max_batch_changes',
    });
    const latin = serviceOf(() => ({ ...answerOf(''), body: Buffer.of(0x22, 0xe4, 0x22) }));
    await expect(latin.transform.apply(events, call)).rejects.toMatchObject({ code: 'TransformFailed' });
  });

  test.each([
    [
      { 'content-type': 'text/html; charset=utf-8' },
      'answered with text/html; charset=utf-8 instead of JSON; check the url',
    ],
    [
      { 'content-type': 'application/json', 'content-encoding': 'gzip' },
      'answered with a compressed body, which was not asked for',
    ],
  ])('a page of something else is no failure of a change: %j', async (headers, message) => {
    const { transform } = serviceOf(() => ({ ...answerOf('<html>'), headers }));
    await expect(transform.apply(events, call)).rejects.toMatchObject({
      code: 'Transient',
      message: `https://service/x ${message}`,
    });
  });

  test('a call that is repeated does not ask again about what was answered', async () => {
    let down = true;
    const { transform, asked } = serviceOf((changes) => {
      if (down && changes.some(({ data }) => data['N'] === 3)) throw new DStreamError('Unreachable', 'down');
      return changes;
    });
    await expect(transform.apply(events, call)).rejects.toThrow('down');
    await expect(transform.apply(events.slice(2, 4), call)).rejects.toThrow('down');
    down = false;
    expect(await transform.apply(events, call)).toHaveLength(5);
    expect(asked).toEqual([[1, 2], [3, 4], [3, 4], [3, 4], [5]]);
    await transform.apply(events.slice(0, 1), call);
    expect(asked.at(-1)).toEqual([1]);
  });
});
