import { expect, test } from 'vitest';
import { judgeAnswer, judgeEncryption } from './check-endpoint.ts';

const shown = 'https://hook.example/changes';

test.each([200, 204, 400, 405, 501])('the status %s to OPTIONS says nothing against it', (status) => {
  expect(judgeAnswer(shown, status)).toMatchObject({
    outcome: 'passed',
    check: 'http.answer',
    subject: shown,
  });
});

test.each([
  [
    401,
    '401 Unauthorized',
    'check headers, if requests with changes need them, too: a receiver may ask only OPTIONS for them',
  ],
  [
    403,
    '403 Forbidden',
    'check headers and the rights of who signs in, if requests with changes need them, too',
  ],
  [404, '404 Not Found', 'check url; nothing to do if the receiver knows the path only of other methods'],
  [410, '410 Gone', 'check url: the receiver says that it is gone'],
  [429, '429 Too Many Requests', 'the receiver limits the rate: check its quota'],
  [302, '302 Found', 'write the URL that it leads to: redirects to another host are not followed'],
  [503, '503 Service Unavailable', 'see the log of the receiver: the error is its own'],
])('the status %s is a warning', (status, said, text) => {
  expect(judgeAnswer(shown, status)).toEqual({
    outcome: 'warned',
    check: 'http.answer',
    subject: shown,
    message: `${shown} answers ${said}`,
    remedy: { kind: 'advice', text },
  });
});

test('headers that travel unencrypted are a warning', () => {
  const headers = { authorization: 'Bearer x' };
  const judged = (url: string, sent = headers) => judgeEncryption({ url, shown: url, headers: sent });
  expect(judged('http://hook.example/a')).toEqual({
    outcome: 'warned',
    check: 'http.encryption',
    subject: 'http://hook.example/a',
    message:
      'http://hook.example/a is not encrypted: headers, which may hold a key, and changes can be read in transit',
    remedy: { kind: 'advice', text: 'write https in url' },
  });
  expect(judged('https://hook.example/a')).toBeUndefined();
  expect(judged('http://127.0.0.1:8080/a')).toBeUndefined();
  expect(judgeEncryption({ url: 'http://hook.example/a', shown: '', headers: {} })).toBeUndefined();
});
