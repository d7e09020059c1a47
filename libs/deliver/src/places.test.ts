import { beforeEach, describe, expect, test } from 'vitest';
import { Places } from './places.ts';

describe('the places of two sessions', () => {
  let places: Places;
  let gone: string[];
  let crowds: number;

  beforeEach(() => {
    gone = [];
    crowds = 0;
    places = new Places(2, () => (crowds += 1));
  });

  function enter(name: string) {
    const tenant = { giveWay: () => void gone.push(name) };
    places.enter(tenant);
    return tenant;
  }

  test('are kept, however idle, while nobody waits', () => {
    places.idle(enter('a'));
    places.idle(enter('b'));
    expect({ gone, crowds, crowded: places.isCrowded }).toEqual({ gone: [], crowds: 0, crowded: false });
  });

  test('go to one that waits from the one that has been idle for longest', () => {
    const [a, b] = [enter('a'), enter('b')];
    places.idle(b);
    places.idle(a);
    enter('c');
    expect({ gone, crowds, crowded: places.isCrowded }).toEqual({ gone: ['b'], crowds: 1, crowded: false });
  });

  test('go to one that waits as soon as one becomes idle', () => {
    const a = enter('a');
    enter('b');
    enter('c');
    expect(gone).toEqual([]);
    places.idle(a);
    expect(gone).toEqual(['a']);
  });

  test('are kept by one that has become busy again', () => {
    const [a, b] = [enter('a'), enter('b')];
    places.idle(a);
    places.idle(b);
    places.busy(a);
    enter('c');
    expect(gone).toEqual(['b']);
  });

  test('are free when one goes by itself, and it is not asked again', () => {
    const a = enter('a');
    enter('b');
    places.leave(a);
    places.idle(a);
    enter('c');
    expect({ gone, crowded: places.isCrowded }).toEqual({ gone: [], crowded: false });
  });
});
