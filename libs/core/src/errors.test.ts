import { describe, expect, test } from 'vitest';
import { asDStreamError, BatchError, DStreamError, isTableFault, notAccepted } from './errors.ts';

const failing = (text: string) => ({
  [Symbol.asyncDispose]: () => Promise.reject(new DStreamError('Unreachable', text)),
});

async function fail(reason: unknown): Promise<never> {
  await using outer = new AsyncDisposableStack();
  outer.use(failing('the first socket is closed'));
  await using inner = new AsyncDisposableStack();
  inner.use(failing('the second socket is closed'));
  inner.use(failing('the third socket is closed'));
  throw reason;
}

const thrownBy = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => expect.unreachable('it did not fail'),
    (error: unknown) => error,
  );

test('of an error and the failures of disposing after it, the first one counts', async () => {
  const thrown = await thrownBy(fail(new DStreamError('ConfigInvalid', 'dstream.hcl:7: wrong')));
  expect(thrown).toBeInstanceOf(SuppressedError);
  const error = asDStreamError(thrown);
  expect([error.code, error.message, error.cause]).toEqual(['ConfigInvalid', 'dstream.hcl:7: wrong', thrown]);
});

test('an unknown error keeps its text when disposing after it fails', async () => {
  const error = asDStreamError(await thrownBy(fail(new TypeError('x is not a function'))));
  expect([error.code, error.message]).toEqual(['Unexpected', 'x is not a function']);
});

test('what cannot be read is a fault of its table alone, which a person must fix', () => {
  const error = new DStreamError('ChangeUnreadable', 'orders.jsonl: line 7 is not JSON; fix it');
  expect([isTableFault(error), error.disposition]).toEqual([true, 'fatal']);
});

describe('what was not accepted', () => {
  const messages = ['a1', 'b1', 'a2', 'b2', 'a3'];
  const keyOf = (message: string) => message.charAt(0);
  const busy = new DStreamError('Throttled', 'busy');

  test('is the suffix of the keys that failed, in order', () => {
    const error = new BatchError([{ key: 'a', from: 2, error: busy }]);
    expect(notAccepted(messages, keyOf, error)).toEqual(['a2', 'a3']);
  });

  test('is everything after an error that names nothing', () => {
    expect(notAccepted(messages, keyOf, busy)).toEqual(messages);
  });
});
