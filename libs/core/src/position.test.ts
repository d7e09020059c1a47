import { describe, expect, test } from 'vitest';
import { anEncodedChange } from '../../../test/support/a-change.ts';
import { halve, pack } from './pack.ts';
import { followsOf, followsText, isNewer, type Position, type Progress } from './position.ts';

const at = (position: string, generation = 7): Progress => ({ generation, position: position as Position });
const changes = [1, 2, 3, 4, 5].map((n) => anEncodedChange(n));
const limits = { maxBytes: 100_000, hash: (text: string) => text };
const stamp = { generation: 7, epoch: 1 };

describe('progress', () => {
  test('anything is newer than nothing, and a thing is not newer than itself', () => {
    expect(isNewer(at('a', 1), undefined)).toBe(true);
    expect(isNewer(at('a', 1), at('a', 1))).toBe(false);
  });

  test('the generation decides before the position', () => {
    expect(isNewer(at('a', 2), at('z', 1))).toBe(true);
    expect(isNewer(at('z', 1), at('a', 2))).toBe(false);
    expect(isNewer(at('b', 1), at('a', 1))).toBe(true);
  });
});

describe('what a message follows', () => {
  test('is read as it was written, whatever a position looks like', () => {
    for (const progress of [at('0000002A000002680008:~', 1_795_166_130_123), at('a/b\n', 0)])
      expect(followsOf({ follows: followsText(progress) })).toEqual(progress);
  });

  test.each([undefined, 7, '', '7', '7/', '/p', '-1/p', '99999999999999999/p', 'x/p'])(
    '%j is no progress',
    (follows) => {
      expect(followsOf(follows === undefined ? {} : { follows })).toBeUndefined();
    },
  );

  test('is the last change of the message before it; of the first, what was accepted before', () => {
    const packed = pack(changes, stamp, { ...limits, maxChanges: 2, accepted: () => at('p0000', 6) });
    expect(packed.map(({ properties }) => followsOf(properties))).toEqual([
      at('p0000', 6),
      at('p0002'),
      at('p0004'),
    ]);
  });

  test('is not said by the first message of a session of which nothing is known', () => {
    const packed = pack(changes, stamp, { ...limits, maxChanges: 3, accepted: () => undefined });
    expect(packed.map(({ properties }) => followsOf(properties))).toEqual([undefined, at('p0003')]);
  });

  test('of a message that goes in halves is, of the second, the first', () => {
    const [whole] = pack(changes, stamp, { ...limits, maxChanges: 5, accepted: () => at('p0000') });
    const halves = whole === undefined ? undefined : halve(whole);
    expect(halves?.map(({ properties }) => followsOf(properties))).toEqual([at('p0000'), at('p0003')]);
  });
});
