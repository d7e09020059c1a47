import { describe, expect, test } from 'vitest';
import { parentToFollow } from './parent.ts';

describe('the parent to follow', () => {
  test('is npm or npx where one of them started the process', () => {
    expect(parentToFollow({ npm_command: 'exec' }, false)).toBe('npm');
  });

  test('is nobody without npm', () => {
    expect(parentToFollow({}, false)).toBeUndefined();
  });

  test('is nobody of a process that was detached on purpose', () => {
    expect(parentToFollow({ npm_command: 'exec', DSTREAM_HANGUP: 'ignored' }, false)).toBeUndefined();
    expect(parentToFollow({ npm_command: 'exec' }, true)).toBeUndefined();
  });

  test('is the one that is named, in any session', () => {
    expect(parentToFollow({ DSTREAM_PARENT: '5' }, true)).toBe('named');
  });
});
