import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { pathFinding, PathTemplate } from './file-path.ts';

const hash = (text: string) => createHash('sha256').update(text).digest('hex');

test('a path is filled in with what a change holds, and none leads out of the directory', () => {
  const template = new PathTemplate('/d/{{ operation }}/{{ data.Region }}.jsonl', hash);
  const of = (Region: string) => template.pathFor({ event: { ...aChange(1), data: { Region } } });
  expect(of('EU West')).toBe('/d/insert/EU%20West.jsonl');
  expect(of('../../etc/passwd')).toBe('/d/insert/%2E.%2F..%2Fetc%2Fpasswd.jsonl');
  expect(of('x'.repeat(5_000))).toMatch(/^\/d\/insert\/x{20,}[^/]{1,80}\.jsonl$/);
  expect(template.plannedFor({ server: 's', database: 'd', schema: 'dbo', table: 'T' })).toBe(
    '/d/{{ operation }}/{{ data.Region }}.jsonl',
  );
});

test('a path that a transform has chosen is one below the directory', () => {
  const template = new PathTemplate('/d/changes-{{ table }}.jsonl', hash);
  const of = (destination: string) => template.pathFor({ event: aChange(1), destination });
  expect(of('eu/Orders.jsonl')).toBe('/d/eu/Orders.jsonl');
  for (const wrong of ['../x', '/etc/passwd', 'a//b', 'a/', '', '.', 'a b', 'x'.repeat(101), 'a\\b'])
    expect(() => of(wrong)).toThrow(
      expect.objectContaining({ code: 'Rejected', message: expect.stringContaining('is no path below /d;') }),
    );
});

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
