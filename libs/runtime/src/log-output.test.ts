import { describe, expect, test } from 'vitest';
import { LogOutput, maxWaitingCharacters } from './log-output.ts';

type Done = (error?: Error | null) => void;

/** A reader that takes lines when it is told to. */
function slowReader() {
  const taken: string[] = [];
  const waiting: Done[] = [];
  const output = new LogOutput((text, done) => {
    taken.push(text);
    waiting.push(done);
  });
  const reported: number[] = [];
  output.onDropped((lines) => reported.push(lines));
  const answerAll = (error?: Error) => {
    for (const done of waiting.splice(0)) done(error);
  };
  return { output, taken, reported, answerAll };
}

describe('log output', () => {
  test('what waits is bounded; lines over it are dropped, and counted when lines are taken again', () => {
    const { output, taken, reported, answerAll } = slowReader();
    const line = 'x'.repeat(maxWaitingCharacters / 4);
    for (let n = 0; n < 6; n += 1) output.write(line);
    expect(taken).toHaveLength(4);
    expect(reported).toEqual([]);
    answerAll();
    expect(reported).toEqual([2]);
    output.write('again');
    answerAll();
    expect([taken.at(-1), reported]).toEqual(['again', [2]]);
  });

  test('one line is taken however long it is', () => {
    const { output, taken } = slowReader();
    output.write('x'.repeat(maxWaitingCharacters + 1));
    expect(taken).toHaveLength(1);
  });

  test('a line that fails is lost and counted, and nothing is thrown; the next one is tried', () => {
    const { output, taken, reported, answerAll } = slowReader();
    output.write('lost');
    answerAll(new Error('ENOSPC'));
    expect([output.isBlocked, reported]).toEqual([false, []]);
    output.write('kept');
    answerAll();
    expect([taken, reported]).toEqual([['lost', 'kept'], [1]]);
  });

  test('it is idle when everything was taken, or failed', async () => {
    const { output, answerAll } = slowReader();
    await output.idle;
    output.write('a');
    output.write('b');
    const idle = output.idle.then(() => 'idle');
    expect([await Promise.race([idle, Promise.resolve('waiting')]), output.isBlocked]).toEqual([
      'waiting',
      true,
    ]);
    answerAll(new Error('EPIPE'));
    expect(await idle).toBe('idle');
  });
});
