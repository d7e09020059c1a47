import { describe, expect, test } from 'vitest';
import { aborted } from './abort.ts';
import { together } from './together.ts';

const never = new AbortController().signal;

describe('together', () => {
  test('one that fails ends the others, and its error is what is thrown', async () => {
    const ended: string[] = [];
    const waits = async (signal: AbortSignal) => {
      await aborted(signal);
      ended.push('the other');
      throw signal.reason;
    };
    const fails = () => Promise.reject(new Error('first'));
    await expect(together(never, [waits, fails])).rejects.toThrow('first');
    expect(ended).toEqual(['the other']);
  });

  test('it resolves when all have', async () => {
    await expect(
      together(never, [() => Promise.resolve(), () => Promise.resolve()]),
    ).resolves.toBeUndefined();
  });

  test('the parent ends them all with its reason', async () => {
    const parent = new AbortController();
    const task = async (signal: AbortSignal) => {
      await aborted(signal);
      throw signal.reason;
    };
    const running = together(parent.signal, [task, task]);
    parent.abort(new Error('enough'));
    await expect(running).rejects.toThrow('enough');
  });
});
