import { expect, test } from 'vitest';
import { Reminders } from './reminders.ts';

const minutes = (n: number) => n * 60_000;

test('a failure that is seen every second is logged again after 1, 5, 15 and 60 minutes, then every hour', () => {
  const reminders = new Reminders(7);
  const due: number[] = [];
  for (let ms = 0; ms <= minutes(240); ms += 1_000) if (reminders.due(7 + ms)) due.push(ms / 60_000);
  expect(due).toEqual([1, 5, 15, 60, 120, 180, 240]);
});

test('reminders that were missed are one', () => {
  const reminders = new Reminders(0);
  expect([minutes(20), minutes(21), minutes(60)].map((ms) => reminders.due(ms))).toEqual([true, false, true]);
});
