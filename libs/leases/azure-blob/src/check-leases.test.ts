import { DStreamError } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { judgeRefusal, judgeSignature, keepsVersions, type BlobAccess } from './blob-access.ts';
import { differenceMs, judgeClock } from './check-leases.ts';

describe('the clock of the storage account, whose header has whole seconds', () => {
  test.each([
    ['agrees within the request', 5_000, 4_900, 5_100, 0],
    ['agrees within its second', 5_000, 5_999, 6_000, 0],
    ['is ahead', 9_000, 4_000, 5_000, 4_000],
    ['is behind', 1_000, 5_000, 6_000, -3_000],
  ])('%s', (_, theirsMs, beforeMs, afterMs, expected) => {
    expect(differenceMs(theirsMs, beforeMs, afterMs)).toBe(expected);
  });

  test('may differ by a fifth of a lease', () => {
    expect(judgeClock(-6_000, 30_000).outcome).toBe('passed');
    expect(judgeClock(-6_001, 30_000)).toMatchObject({
      outcome: 'warned',
      message: 'the clock of this machine is 6 s ahead of that of the storage account',
    });
  });
});

describe('a shared access signature', () => {
  const now = Date.parse('2026-11-30T12:00:00Z');
  const signature = (se: string, sp = 'rwdlac') => `sv=2022-11-02&ss=b&srt=co&sp=${sp}&se=${se}&sig=c2VjcmV0`;

  test('that lasts and allows all is not worth a line', () => {
    expect(judgeSignature(signature('2027-11-30T12:00:00Z'), now)).toBeUndefined();
    expect(judgeSignature('sv=1&si=policy&sig=x', now)).toBeUndefined();
  });

  test('that has ended', () => {
    expect(judgeSignature(signature('2026-11-30T11:59:00Z'), now)).toEqual({
      outcome: 'failed',
      check: 'blobs.signature',
      message: 'the shared access signature ended at 2026-11-30T11:59 UTC',
      remedy: {
        kind: 'advice',
        text: 'make another shared access signature, with the permissions rwdlc; or use account_url and an identity',
      },
    });
  });

  test('that lacks permissions', () => {
    expect(judgeSignature(signature('2027-11-30', 'rl'), now)).toMatchObject({
      outcome: 'failed',
      message: 'the shared access signature lacks the permissions wd (its sp is "rl")',
    });
  });

  test('that ends soon', () => {
    expect(judgeSignature(signature('2026-12-05'), now)).toMatchObject({
      outcome: 'warned',
      message: 'the shared access signature ends at 2026-12-05T00:00 UTC',
    });
  });

  test('that is refused is not called a key', () => {
    const access: BlobAccess = { account: 'shop', container: 'locks', login: { kind: 'signature' } };
    expect(judgeRefusal(access, new DStreamError('Unauthorized', 'no'), 'write blobs')).toMatchObject({
      check: 'blobs.access',
      message:
        'this login may not write blobs in storage account shop: its shared access signature is wrong, has ended, or lacks a permission (no code)',
    });
  });
});

test('an account that keeps versions', () => {
  expect(keepsVersions({ account: 'shop', container: 'locks', login: { kind: 'key' } })).toEqual({
    outcome: 'warned',
    check: 'blobs.versioning',
    message:
      'storage account shop keeps every version of a blob: each checkpoint that is saved leaves one, which costs',
    remedy: {
      kind: 'command',
      text: [
        'GROUP=$(az storage account show -n shop --query resourceGroup -o tsv)',
        '# delete old versions by a rule of lifecycle management; or, for everything in the account:',
        '# az storage account blob-service-properties update -g "$GROUP" -n shop --enable-versioning false',
      ].join('\n'),
    },
  });
});
