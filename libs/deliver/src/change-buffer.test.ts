import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { routed } from '../../../test/support/processor-rig.ts';
import { ChangeBuffer } from './change-buffer.ts';
import type { DecodedChange } from './decode-message.ts';

/** A change whose line has `bytes` bytes. */
function event(n: number, key: string, bytes = 10): DecodedChange {
  return { ...routed(n), line: Buffer.alloc(bytes, 'x'), orderingKey: key };
}

const idsOf = (events: readonly DecodedChange[]) => events.map((e) => e.event.metadata.id);

describe('a buffer of changes', () => {
  test('gives the changes of a key in order, what failed first, in bounded pieces', () => {
    const buffer = new ChangeBuffer(1_000_000);
    buffer.add('a', [event(1, 'a'), event(2, 'a'), event(3, 'a')]);
    buffer.add('b', [event(9, 'b')]);
    buffer.add('a', [event(4, 'a')]);
    const taken = buffer.take('a', 1_000, 2);
    expect(idsOf(taken)).toEqual(['c1', 'c2']);
    buffer.settle('a', taken.slice(1));
    expect(idsOf(buffer.take('a', 1_000, 10))).toEqual(['c2', 'c3', 'c4']);
    buffer.settle('a', []);
    expect([buffer.changes, buffer.bytes, buffer.take('a', 1_000, 10)]).toEqual([1, 10, []]);
    expect(idsOf(buffer.clear())).toEqual(['c9']);
    expect([buffer.changes, buffer.bytes, buffer.keys]).toEqual([0, 0, []]);
  });

  test('gives about as many bytes as are wanted, and at least one change', () => {
    const buffer = new ChangeBuffer(100);
    buffer.add('a', [event(1, 'a', 30), event(2, 'a', 30), event(3, 'a', 30)]);
    expect(idsOf(buffer.take('a', 60, 10))).toEqual(['c1', 'c2']);
    buffer.settle('a', []);
    expect(idsOf(buffer.take('a', 1, 10))).toEqual(['c3']);
  });

  test('drops the oldest of all keys, a quarter of itself at a time', () => {
    const buffer = new ChangeBuffer(100);
    const dropped = Array.from({ length: 11 }, (_, n) => buffer.add(n % 2 ? 'a' : 'b', [event(n, '')]));
    expect(dropped.map(idsOf)).toEqual([...Array.from({ length: 10 }, () => []), ['c0', 'c1', 'c2', 'c3']]);
    expect(buffer.bytes).toBe(70);
  });

  test('does not drop what is being published', () => {
    const buffer = new ChangeBuffer(100);
    buffer.add('a', [event(1, 'a', 60)]);
    expect(idsOf(buffer.take('a', 100, 10))).toEqual(['c1']);
    expect(idsOf(buffer.add('a', [event(2, 'a', 60)]))).toEqual(['c2']);
    buffer.settle('a', [event(1, 'a', 60)]);
    expect(idsOf(buffer.take('a', 100, 10))).toEqual(['c1']);
  });

  test('a change larger than the buffer is dropped at once', () => {
    const buffer = new ChangeBuffer(100);
    expect(idsOf(buffer.add('a', [event(1, 'a', 101)]))).toEqual(['c1']);
    expect([buffer.bytes, buffer.changes]).toEqual([0, 0]);
  });

  test('whatever is done to it: order is kept, nothing is lost unsaid, and it never holds more than it may', () => {
    const step = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      sizes: fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }),
      take: fc.integer({ min: 0, max: 4 }),
      again: fc.integer({ min: 0, max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const buffer = new ChangeBuffer(200);
        let [n, gone] = [0, 0];
        const last = new Map<string, number>();
        for (const { key, sizes, take, again } of steps) {
          const added = sizes.map((bytes) => event((n += 1), key, bytes));
          gone += buffer.add(key, added).length;
          expect(buffer.bytes).toBeLessThanOrEqual(200);
          if (take === 0) continue;
          const taken = buffer.take(key, 1_000, take);
          const kept = taken.slice(Math.max(0, taken.length - again));
          const done = taken.slice(0, taken.length - kept.length);
          buffer.settle(key, kept);
          for (const { event: change } of done) {
            const at = Number(change.metadata.id.slice(1));
            expect(at).toBeGreaterThan(last.get(key) ?? 0);
            last.set(key, at);
          }
          gone += done.length;
        }
        expect(gone + buffer.changes).toBe(n);
        expect(buffer.clear()).toHaveLength(n - gone);
        expect(buffer.bytes).toBe(0);
      }),
    );
  });
});
