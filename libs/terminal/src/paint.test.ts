import { expect, test } from 'vitest';
import { paintFor } from './paint.ts';

test.each([
  [true, {}, '\u001b[31mx\u001b[39m'],
  [true, { NO_COLOR: '' }, '\u001b[31mx\u001b[39m'],
  [true, { NO_COLOR: '1' }, 'x'],
  [true, { TERM: 'dumb' }, 'x'],
  [false, {}, 'x'],
])('in a terminal: %s, with %o, red is %j', (terminal, env, shown) => {
  expect(paintFor(terminal, env)('red', 'x')).toBe(shown);
});
