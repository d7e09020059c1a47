import { describe, expect, test } from 'vitest';
import { RecentIds } from './recent-ids.ts';

describe('recent ids', () => {
  test('forget the oldest first, and a seen one is young again', () => {
    const ids = new RecentIds(2);
    for (const id of ['a', 'b', 'a', 'c']) ids.add(id);
    expect([ids.has('a'), ids.has('b'), ids.has('c')]).toEqual([true, false, true]);
  });
});
