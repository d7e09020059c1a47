import { EventEmitter } from 'node:events';
import { expect, test } from 'vitest';
import { readKeys } from './read-keys.ts';

function opened() {
  const calls: string[] = [];
  const keys: string[] = [];
  const input = Object.assign(new EventEmitter(), {
    setRawMode: (on: boolean) => (calls.push(`raw ${on}`), input),
    setEncoding: () => input,
    resume: () => (calls.push('resume'), input),
    pause: () => (calls.push('pause'), input),
  });
  const reading = readKeys(input as unknown as Parameters<typeof readKeys>[0], (key) => keys.push(key));
  return { calls, keys, input, reading };
}

test('every character is a key, and Ctrl-C is one', () => {
  const { input, keys } = opened();
  input.emit('data', 'kq\u0003\u000c');
  expect(keys).toEqual(['k', 'q', 'ctrl-c', 'ctrl-l']);
});

test('arrows, function keys and Escape are none, also between others', () => {
  const { input, keys } = opened();
  input.emit('data', 's\u001b[A\u001bOPp\u001b[15~\u001b');
  expect(keys).toEqual(['s', 'p']);
});

test('disposed, the terminal is as it was and nothing listens', () => {
  const { input, calls, reading } = opened();
  reading[Symbol.dispose]();
  expect(calls).toEqual(['raw true', 'resume', 'pause', 'raw false']);
  expect(input.eventNames()).toEqual([]);
});
