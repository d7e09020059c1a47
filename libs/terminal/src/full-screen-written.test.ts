import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { written } from './full-screen.ts';

function opened(write: (done: (error?: Error) => void) => void) {
  const stream = new Writable({ autoDestroy: false, write: (_chunk, _encoding, done) => write(done) });
  stream.on('error', () => undefined);
  const listeners = stream.listenerCount('error');
  return { stream, left: () => stream.listenerCount('error') - listeners };
}

test('it waits until the text is out', async () => {
  let finish = () => undefined as void;
  const { stream, left } = opened((done) => (finish = done));
  let out = false;
  const waiting = written(stream, 'x').then(() => (out = true));
  await new Promise(setImmediate);
  expect(out).toBe(false);
  finish();
  await waiting;
  expect(left()).toBe(0);
});

test('a stream that failed keeps nobody waiting, also one that is not destroyed by it', async () => {
  const { stream, left } = opened((done) => done(new Error('EIO')));
  await written(stream, 'x');
  await written(stream, 'y');
  await Promise.all([written(stream, 'z'), written(stream, 'z')]);
  expect(left()).toBe(0);
});

test('who is in a hurry does not wait', async () => {
  const { stream, left } = opened(() => undefined);
  const hurry = new AbortController();
  const waiting = written(stream, 'x', hurry.signal);
  hurry.abort();
  await waiting;
  await written(stream, 'y', hurry.signal);
  expect(left()).toBe(0);
});
