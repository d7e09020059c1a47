import { expect, test } from 'vitest';
import { userOfToken } from './identity-token.ts';

const nowMs = 1_000_000;
const good = { aud: 'https://database.windows.net/', oid: 'who', exp: 1_001 };

function token(claims: unknown): string {
  return `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
}

test('a token for Azure SQL names its user', () => {
  expect(userOfToken(token(good), nowMs)).toBe('who');
});

test.each([
  ['of another resource', { ...good, aud: 'https://storage.azure.com' }],
  ['that has expired', { ...good, exp: 1_000 }],
  ['that is not valid yet', { ...good, nbf: 1_001 }],
  ['of nobody', { ...good, oid: undefined }],
])('a token %s is refused', (_, claims) => {
  expect(userOfToken(token(claims), nowMs)).toBeUndefined();
});

test('what is no token is refused', () => {
  expect(['', 'a.b', 'e30.bnVsbA.x'].map((text) => userOfToken(text, nowMs))).toEqual([
    undefined,
    undefined,
    undefined,
  ]);
});
