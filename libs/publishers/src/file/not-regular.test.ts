import { expect, test } from 'vitest';
import { specialPathFinding } from './not-regular.ts';

test.each(['/dev/stdout', '/dev/fd/1', '//dev/null', '/proc/self/fd/1', '/dev/{{ table }}'])(
  '%s keeps nothing, and the finding says what to use instead',
  (path) => expect(specialPathFinding(path)).toMatch(/; use an output of type "console"/),
);

test.each(['/dev/shm/changes.jsonl', 'dev/stdout', '/data/dev/x.jsonl', '/devices/x', '/var/log/x.jsonl'])(
  '%s may be a file',
  (path) => expect(specialPathFinding(path)).toBeUndefined(),
);
