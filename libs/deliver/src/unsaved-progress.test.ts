import type { Position, Progress } from '@dstream/core';
import { expect, test } from 'vitest';
import { UnsavedProgress } from './session-state.ts';

const at = (position: string): Progress => ({ generation: 1, position: position as Position });

test('what a session had delivered beyond its saved state is remembered, and forgotten once it is saved', () => {
  const unsaved = new UnsavedProgress(2);
  unsaved.remember('a', at('2'), at('1'));
  expect(unsaved.of('a')).toEqual(at('2'));
  unsaved.remember('a', at('2'), at('2'));
  expect(unsaved.of('a')).toBeUndefined();
});

test('the memory is bounded: the session that ended first is forgotten first', () => {
  const unsaved = new UnsavedProgress(2);
  for (const id of ['a', 'b', 'a', 'c']) unsaved.remember(id, at('1'), undefined);
  expect(['a', 'b', 'c'].map((id) => unsaved.of(id) !== undefined)).toEqual([true, false, true]);
});
