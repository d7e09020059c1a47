import { Writable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { FullScreen } from './full-screen.ts';

const enter = '\u001b[?1049h\u001b[?25l\u001b[?7l\u001b[2J';
const leave = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const frame = (text: string) => `\u001b[?2026h${text}\u001b[?2026l`;
const at = (row: number, text: string) => `\u001b[${row};1H\u001b[2K${text}`;

const listeners = process.listenerCount('exit');
afterEach(() => {
  if (process.listenerCount('exit') > listeners) throw new Error('a listener is left behind');
});

function opened(size = { columns: 10, rows: 3 }) {
  let text = '';
  const waiting: (() => void)[] = [];
  let slow = false;
  const out = new Writable({
    write: (chunk: Buffer, _encoding, done) => {
      text += chunk.toString();
      if (slow) waiting.push(done);
      else done();
    },
  });
  const screen = new FullScreen({ out, size: () => ({ ...size }), atExit: () => undefined });
  const taken = () => {
    const all = text;
    text = '';
    return all;
  };
  return {
    screen,
    size,
    taken,
    becomeSlow: () => (slow = true),
    flush: async () => {
      slow = false;
      waiting.splice(0).forEach((done) => done());
      await new Promise(setImmediate);
    },
  };
}

test('only what has changed is written', async () => {
  const { screen, taken } = opened();
  screen.draw(['one', 'two']);
  expect(taken()).toBe(`${enter}${frame(at(1, 'one') + at(2, 'two'))}`);
  await new Promise(setImmediate);
  screen.draw(['one', '2', 'three']);
  expect(taken()).toBe(frame(at(2, '2') + at(3, 'three')));
  await new Promise(setImmediate);
  screen.draw(['one', '2', 'three']);
  expect(taken()).toBe('');
  await screen.leave();
});

test('no line is longer than the terminal, and there are not more than it has', async () => {
  const { screen, taken } = opened({ columns: 4, rows: 1 });
  screen.draw(['123456', 'below']);
  expect(taken()).toBe(`${enter}${frame(at(1, '123…'))}`);
  await screen.leave();
});

test('another size draws everything again', async () => {
  const { screen, taken, size } = opened();
  screen.draw(['one']);
  await new Promise(setImmediate);
  taken();
  Object.assign(size, { columns: 2, rows: 2 });
  screen.draw(['one']);
  expect(taken()).toBe(frame(`\u001b[2J${at(1, 'o…')}`));
  await screen.leave();
});

test('a slow terminal gets the last picture, not all of them', async () => {
  const { screen, taken, becomeSlow, flush } = opened();
  screen.draw(['one']);
  await flush();
  taken();
  becomeSlow();
  screen.draw(['two']);
  screen.draw(['three']);
  screen.draw(['four']);
  await flush();
  expect(taken()).toBe(frame(at(1, 'two')) + frame(at(1, 'four')));
  await screen.leave();
});

test('left, the terminal is as it was and nothing more is drawn', async () => {
  const { screen, taken } = opened();
  taken();
  await Promise.all([screen.leave(), screen.leave()]);
  screen.draw(['late']);
  expect(taken()).toBe(leave);
});
