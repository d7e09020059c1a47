import { expect, test } from 'vitest';
import { visibleLines, visiblePainted, visibleText } from './visible-text.ts';

test.each([
  ['an escape sequence', 'a\u001b[2Jb', 'a\\u001b[2Jb'],
  ['a window title (OSC)', '\u001b]0;owned\u0007', '\\u001b]0;owned\\u0007'],
  ['the same in C1', '\u009d0;owned\u009c', '\\u009d0;owned\\u009c'],
  ['a carriage return and a backspace', 'safe\r\bevil', 'safe\\u000d\\u0008evil'],
  ['a bidirectional override', 'abc\u202etxt.exe\u2066', 'abc\\u202etxt.exe\\u2066'],
  ['a line separator', 'a\u2028b', 'a\\u2028b'],
  ['a colour', '\u001b[8mhidden', '\\u001b[8mhidden'],
])('%s is shown, not obeyed', (_what, text, shown) => {
  expect(visibleText(text)).toBe(shown);
});

test('letters of every script and joined emoji stay', () => {
  const text = 'Åsa Ωmega 顧客 مرحبا 👩‍💻';
  expect(visibleText(text)).toBe(text);
});

test('a line of JSON stays the same JSON', () => {
  const value = { name: 'a\u0085\u202e\u2028', n: 1 };
  expect(JSON.parse(visibleText(JSON.stringify(value)))).toEqual(value);
});

test('a message keeps its lines, a painted line its colours', () => {
  expect(visibleLines('one\r\ntwo')).toBe('one\\u000d\ntwo');
  expect(visiblePainted('\u001b[31mred\u009b\u001b[0m')).toBe('\u001b[31mred\\u009b\u001b[0m');
});
