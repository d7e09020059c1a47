import { asDStreamError, silentLog, type RoutedEvent } from '@dstream/core';
import fc from 'fast-check';
import type { MemoryFiles } from '../../../../test/support/memory-files.ts';
import type { FilePublisher } from './file-publisher.ts';
import { describe, expect, test } from 'vitest';
import { lines, never, of, setup } from '../../../../test/support/file-rig.ts';

describe('after a crash', () => {
  test.each([
    ['an unfinished line', `${lines(1, 2)}{"n":`],
    ['nothing but an unfinished line', '{"n":'],
    ['zeros in place of data that never arrived', `${lines(1)}${'\0'.repeat(9)}}\n${lines(3)}`],
  ])('%s is cut off', async (_, left) => {
    const { files, open, cleanUp } = setup();
    files.put('/d/out.jsonl', left);
    const publisher = await open();
    const whole = left.slice(0, left.replace(/\0[^]*$/, '').lastIndexOf('\n') + 1);
    expect(files.durable('/d/out.jsonl')).toBe(whole);
    await publisher.publish(of(9), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(`${whole}${lines(9)}`);
    await cleanUp();
  });

  test('an unfinished line of many megabytes is cut off too', async () => {
    const { files, open, cleanUp } = setup();
    files.put('/d/out.jsonl', `${lines(1)}${'x'.repeat(9_000_000)}`);
    await open();
    expect(files.durable('/d/out.jsonl')).toBe(lines(1));
    await cleanUp();
  });
});

describe('what fails', () => {
  test('a full disk is retried, and the part that was written does not stay', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    await publisher.publish(of(1), { signal: never });
    files.partial = 5;
    files.fail('append', 'ENOSPC');
    await expect(publisher.publish(of(2), { signal: never })).rejects.toMatchObject({
      code: 'DiskFull',
      disposition: 'retry',
      // Whether anything is lost the output that is not required decides, not the file.
      message: expect.stringMatching(/^\/d\/out\.jsonl: the disk is full(?!.*lost)/) as string,
    });
    await publisher.publish(of(2, 3), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 2, 3));
    await cleanUp();
  });

  test('while a disk stays full, what every attempt leaves is cut silently; after a crash it is logged', async () => {
    const { files, open, cleanUp } = setup();
    files.put('/d/out.jsonl', `${lines(1)}{"n":`);
    const said: string[] = [];
    const publisher = await open({ log: { ...silentLog, info: (sentence) => void said.push(sentence) } });
    expect(said).toEqual(['removed unacknowledged bytes from the end of the file']);
    for (const _ of [1, 2, 3]) {
      files.partial = 5;
      files.fail('append', 'ENOSPC');
      await expect(publisher.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'DiskFull' });
    }
    await publisher.publish(of(2), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 2));
    expect(said).toHaveLength(1);
    await cleanUp();
  });

  test('after a sync that failed the file is opened anew and the lines are written again', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    const opens = files.count('open');
    files.fail('sync', 'EIO');
    await expect(publisher.publish(of(1), { signal: never })).rejects.toMatchObject({ code: 'Transient' });
    await publisher.publish(of(1), { signal: never });
    expect([files.count('open') - opens, files.durable('/d/out.jsonl')]).toEqual([1, lines(1)]);
    await cleanUp();
  });

  test('a spoiled file that cannot be cut back yet is not written to', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    await publisher.publish(of(1), { signal: never });
    files.partial = 3;
    files.fail('append', 'ENOSPC');
    files.fail('truncate', 'EIO');
    await expect(publisher.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'DiskFull' });
    await expect(publisher.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'Transient' });
    await publisher.publish(of(2), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 2));
    await cleanUp();
  });

  test('a failure while a new file is begun loses and repeats nothing', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ maxBytes: 8 });
    await publisher.publish(of(1), { signal: never });
    files.fail('rename', 'EACCES');
    await expect(publisher.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'Unauthorized' });
    await publisher.publish(of(2), { signal: never });
    expect(files.durable('/d/out.20261120T000000.000Z.jsonl')).toBe(lines(1));
    expect(files.durable('/d/out.jsonl')).toBe(lines(2));
    await cleanUp();
  });

  test.each([
    ['ENOENT', 'EntityNotFound', 'fatal', 'create it'],
    ['EACCES', 'Unauthorized', 'fatal', 'write access'],
    ['EROFS', 'Unauthorized', 'fatal', 'read-only'],
    ['EISDIR', 'ConfigInvalid', 'fatal', 'name of a file'],
    ['EMFILE', 'Transient', 'retry', 'ulimit'],
    ['EDQUOT', 'DiskFull', 'retry', 'quota'],
    ['EWHATEVER', 'Unexpected', 'retry', 'EWHATEVER'],
  ])('%s at the start is %s (%s), with the advice: %s', async (code, ours, disposition, advice) => {
    const { files, publisher, cleanUp } = setup();
    files.fail('open', code);
    await expect(publisher().connect({ signal: never })).rejects.toMatchObject({
      code: ours,
      disposition,
      message: expect.stringContaining(advice) as string,
    });
    await cleanUp();
  });

  test.each(['/away/out.jsonl', '/away/{{ table }}.jsonl', '/away/x-{{ table }}/f'])(
    'a missing directory of %s is reported at the start',
    async (path) => {
      const { publisher, cleanUp } = setup();
      await expect(publisher({ path }).connect({ signal: never })).rejects.toMatchObject({
        code: 'EntityNotFound',
      });
      await cleanUp();
    },
  );

  test('whatever fails and however often: all that was acknowledged is durable, in order, in whole lines', async () => {
    const calls = [
      'open',
      'read',
      'append',
      'sync',
      'truncate',
      'rename',
      'list',
      'syncDirectoryOf',
      'status',
      'stat',
    ] as const;
    const step = fc.record({
      call: fc.constantFrom(...calls),
      times: fc.integer({ min: 0, max: 2 }),
      partial: fc.integer({ min: 0, max: 20 }),
      size: fc.integer({ min: 1, max: 4 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const { files, open, cleanUp } = setup();
        const publisher = await open({ maxBytes: 40 });
        let acknowledged = 0;
        for (const { call, times, partial, size } of steps) {
          files.partial = partial;
          files.fail(call, 'EIO', times);
          const events = of(...Array.from({ length: size }, (_, n) => acknowledged + n + 1));
          for (let failures = 0; !(await isPublished(publisher, events)); failures += 1) {
            expect(failures).toBeLessThan(100);
          }
          acknowledged += size;
          expect(numbersIn(files)).toEqual(Array.from({ length: acknowledged }, (_, n) => n + 1));
        }
        await cleanUp();
      }),
      { numRuns: 60 },
    );
  });
});

async function isPublished(publisher: FilePublisher, events: readonly RoutedEvent[]): Promise<boolean> {
  try {
    await publisher.publish(events, { signal: never });
    return true;
  } catch (error) {
    if (asDStreamError(error).disposition !== 'retry') throw error;
    return false;
  }
}

/** What is durable in all files, in their order, without what was there before. */
function numbersIn(files: MemoryFiles): readonly number[] {
  const text = files.paths
    .filter((path) => path.endsWith('.jsonl'))
    .map((path) => files.durable(path))
    .join('');
  expect(text.endsWith('\n')).toBe(true);
  const numbers = text
    .split('\n')
    .slice(0, -1)
    .map((line) => (JSON.parse(line) as { n: number }).n);
  return [...new Set(numbers)];
}
