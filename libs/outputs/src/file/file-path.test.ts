import { expect, test } from 'vitest';
import { pathFinding } from './file-path.ts';

test.each(['/dev/stdout', '/dev/fd/1', '//dev/null', '/proc/self/fd/1', '/dev/{{ table }}'])(
  '%s keeps nothing, and the finding names what to use instead',
  (path) => expect(pathFinding(path)).toMatch(/; use an output of type "console"/),
);

test.each([
  '/dev/shm/changes.jsonl',
  'dev/stdout',
  '/data/dev/x.jsonl',
  '/devices/x',
  '/var/log/x.jsonl',
  '~x',
  'a/..b',
  '{{ table }}',
])('%s may be a file', (path) => expect(pathFinding(path)).toBeUndefined());

test.each([
  ['~/x.jsonl', '"~/" is not replaced by a home directory; write the whole path'],
  ['~app/{{ table }}.jsonl', '"~app/" is not replaced by a home directory; write the whole path'],
  ['s3://key:hunter2@bucket/x.jsonl', '"s3://" begins an address; write the path of a file on this machine'],
  ['file:///tmp/x.jsonl', '"file://" begins an address; write the path of a file on this machine'],
  ['/data/changes/', '"/data/changes/" is a directory; add the name of a file'],
  ['..', '".." is a directory; add the name of a file'],
])('%s is refused before anything starts', (path, finding) => expect(pathFinding(path)).toBe(finding));
