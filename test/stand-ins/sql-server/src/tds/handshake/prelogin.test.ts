import { expect, test } from 'vitest';
import { answerEncryption, encryption, preloginAnswer, readEncryption } from './prelogin.ts';

const { off, on, notSupported, required } = encryption;

test.each([
  [off, false, off],
  [notSupported, false, notSupported],
  [on, false, on],
  [required, false, on],
  [off, true, required],
  [notSupported, true, required],
  [on, true, on],
])('to a client that says %i a server (encryption required: %s) answers %i', (client, must, expected) => {
  expect(answerEncryption(client, must)).toBe(expected);
});

test('the answer has the form that it reads itself', () => {
  expect(readEncryption(preloginAnswer(required))).toBe(required);
});
