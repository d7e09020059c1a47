import { describe, expect, test } from 'vitest';
import { secretsCorpus } from '../../../test/support/secrets-corpus.ts';
import { withoutFrames, withoutSecrets } from './without-secrets.ts';

describe('withoutSecrets', () => {
  test.each(secretsCorpus)('finds what is secret in %s', (_, text, ...secrets) => {
    const left = withoutSecrets(text);
    expect(left).toContain('[secret]');
    for (const secret of secrets) expect(left).not.toContain(secret);
  });

  test.each([
    'it looks like Endpoint=sb://NAME.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…',
    'Endpoint=sb://HOST/;SharedAccessKeyName=NAME;SharedAccessKey=KEY is expected',
    'it looks like Server=…;Password=… or sqlserver://USER:PASSWORD@HOST:1433?database=…',
    'the password is wrong: check User Id= and Password= in the connection string',
    'could not reach http://127.0.0.1:8080/status as ops@example.com',
    'sb://n.servicebus.windows.net:5671/topic: mail a@b.c',
    'capture instance dbo_T keeps history from 0x0000002A000001F80003; key {"ID":180}; config=file.hcl',
    '{"level":"info","http":"http://127.0.0.1:8080","msg":"listening"}',
  ])('leaves what is none: %s', (text) => {
    expect(withoutSecrets(text)).toBe(text);
  });

  test('takes a long text in no time', () => {
    const startedMs = performance.now();
    for (const text of ['password="', 'a://b:', 'sig=', 'Bearer ', 'eyJ', "pwd='", '\\"', 'password: '])
      withoutSecrets(text.repeat(20_000));
    expect(performance.now() - startedMs).toBeLessThan(3_000);
  });
});

test('the frames of a stack are left out, as text and within JSON', () => {
  const stack = 'TypeError: x is undefined\n    at run (file:///app/a.js:1:2)\n    at async b.js:3:4';
  expect(withoutFrames(stack)).toBe('TypeError: x is undefined');
  expect(JSON.parse(withoutFrames(JSON.stringify({ error: stack, msg: 'at once' })))).toEqual({
    error: 'TypeError: x is undefined',
    msg: 'at once',
  });
});
