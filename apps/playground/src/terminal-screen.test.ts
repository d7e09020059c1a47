import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { terminalScreen } from './terminal-screen.ts';

const erase = '\r\u001b[J';

function opened(size: { columns: number }) {
  let text = '';
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      done();
    },
  });
  const { signal } = new AbortController();
  const screen = terminalScreen({ out, columns: () => size.columns, colour: false, hurry: signal });
  const taken = () => {
    const all = text;
    text = '';
    return all;
  };
  return { screen, taken };
}

test('a sentence goes above the live line', () => {
  const { screen, taken } = opened({ columns: 80 });
  screen.live('written 1');
  screen.say('hello');
  expect(taken()).toBe(`${erase}written 1${erase}hello\nwritten 1`);
});

test('no line is longer than the terminal, and the live line leaves room for ^C', () => {
  const { screen, taken } = opened({ columns: 10 });
  screen.live('12345678');
  screen.say('王小明王小明');
  expect(taken()).toBe(`${erase}123456…${erase}王小明王…\n123456…`);
});

test('a live line that a narrower terminal has broken is erased whole', () => {
  const size = { columns: 80 };
  const { screen, taken } = opened(size);
  screen.live('x'.repeat(70));
  taken();
  size.columns = 30;
  screen.live('short');
  expect(taken()).toBe(`\u001b[2A${erase}short`);
});

test('nothing of the live line is left behind', () => {
  const { screen, taken } = opened({ columns: 80 });
  screen.live('written 1');
  screen.clear();
  screen.say('bye');
  expect(taken()).toBe(`${erase}written 1${erase}${erase}bye\n`);
});
