import { asDStreamError, silentLog, type ChangeMetadata, type RoutedEvent } from '@dstream/core';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { MemoryFiles } from '../../../../test/support/memory-files.ts';
import { FilePublisher, type FilePublisherOptions } from './file-publisher.ts';
import type { ProcessIdentity } from './path-lock.ts';

const never = new AbortController().signal;

function routed(n: number, metadata: Partial<ChangeMetadata> = {}): RoutedEvent {
  return { event: aChange(n, metadata), line: `{"n":${n}}`, orderingKey: metadata.table ?? 'T' };
}

const of = (...numbers: readonly number[]) => numbers.map((n) => routed(n));
const lines = (...numbers: readonly number[]) => numbers.map((n) => `{"n":${n}}\n`).join('');

function setup(directories = ['/d']) {
  const clock = new ManualClock();
  const files = new MemoryFiles(() => clock.wallMs(), directories);
  const alive = new Set([1, 2]);
  const opened: FilePublisher[] = [];
  const publisher = (
    options: Partial<FilePublisherOptions> = {},
    identity: Partial<ProcessIdentity> = {},
  ) => {
    const who = { host: 'h', pid: 1, token: 'a', isAlive: (pid: number) => alive.has(pid), ...identity };
    const made = new FilePublisher({
      path: '/d/out.jsonl',
      maxBytes: 1_000_000,
      maxAgeMs: undefined,
      files,
      identity: () => Promise.resolve(who),
      clock,
      log: silentLog,
      hash: (text) => `${text.length}`.padStart(16, '0'),
      ...options,
    });
    opened.push(made);
    return made;
  };
  const open = async (
    options: Partial<FilePublisherOptions> = {},
    identity: Partial<ProcessIdentity> = {},
  ) => {
    const made = publisher(options, identity);
    await made.connect({ signal: never });
    return made;
  };
  const cleanUp = async () => {
    for (const made of opened) await made[Symbol.asyncDispose]();
    expect([files.handles, clock.sleeping, files.paths.filter((path) => path.endsWith('.lock'))]).toEqual([
      0,
      0,
      [],
    ]);
  };
  return { clock, files, alive, publisher, open, cleanUp };
}

describe('changes in a file', () => {
  test('are durable, a line each, when they count as delivered', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    await publisher.publish(of(1, 2), { signal: never });
    await publisher.publish(of(3), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 2, 3));
    await cleanUp();
  });

  test('of many sessions that wait are made durable by one sync', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    const [sync, before] = [Promise.withResolvers<void>(), files.count('sync')];
    files.syncing = sync.promise;
    const first = publisher.publish(of(0), { signal: never });
    while (files.count('sync') === before) await Promise.resolve();
    const others = of(1, 2, 3, 4, 5).map((event) => publisher.publish([event], { signal: never }));
    sync.resolve();
    await Promise.all([first, ...others]);
    expect(files.count('sync') - before).toBe(2);
    expect(files.durable('/d/out.jsonl')).toBe(lines(0, 1, 2, 3, 4, 5));
    await cleanUp();
  });

  test('an aborted call rejects, and what was not begun is not written', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    const sync = Promise.withResolvers<void>();
    files.syncing = sync.promise;
    const stop = new AbortController();
    const first = publisher.publish(of(1), { signal: never });
    while (files.text('/d/out.jsonl') === '') await Promise.resolve();
    const second = publisher.publish(of(2), { signal: stop.signal });
    stop.abort(new Error('stopping'));
    await expect(second).rejects.toThrow('stopping');
    sync.resolve();
    await first;
    await publisher.publish(of(3), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 3));
    await cleanUp();
  });
});

describe('the name of a file', () => {
  test('is durable before its first line, and so is the name of a finished one before the next begins', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ maxBytes: 8 });
    await publisher.publish(of(1, 2), { signal: never });
    const made = files.calls.filter((call) => ['open', 'rename', 'write', 'syncDirectoryOf'].includes(call));
    const once = ['open', 'syncDirectoryOf', 'write'];
    expect(made).toEqual([...once, 'rename', 'syncDirectoryOf', ...once]);
    await cleanUp();
  });

  test('is not changed for a call that was aborted while the file was opened', async () => {
    const { clock, files, open, cleanUp } = setup();
    const publisher = await open({ path: '/d/{{ table }}.jsonl' });
    const stop = new AbortController();
    const publishing = publisher.publish(of(1), { signal: stop.signal });
    while (files.count('open') === 0) await Promise.resolve();
    stop.abort(new Error('stopping'));
    await expect(publishing).rejects.toThrow('stopping');
    await clock.advance(10_000);
    expect([files.count('rename'), files.paths]).toEqual([0, ['/d/T.jsonl']]);
    await cleanUp();
  });
});

describe('a new file is begun', () => {
  test('before a line would make it larger than allowed, also within one call', async () => {
    const { clock, files, open, cleanUp } = setup();
    const publisher = await open({ maxBytes: 24 });
    await publisher.publish(of(1, 2, 3, 4, 5, 6, 7), { signal: never });
    await clock.advance(1_000);
    await publisher.publish(of(8), { signal: never });
    await publisher[Symbol.asyncDispose]();
    expect(files.paths.map((path) => [path, files.durable(path)])).toEqual([
      ['/d/out.20261120T000000.000Z.jsonl', lines(1, 2, 3)],
      ['/d/out.20261120T000000.001Z.jsonl', lines(4, 5, 6)],
      ['/d/out.jsonl', lines(7, 8)],
    ]);
    await cleanUp();
  });

  test('for a single line that is longer than a file may be', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ maxBytes: 4 });
    await publisher.publish(of(1, 2), { signal: never });
    expect(files.durable('/d/out.20261120T000000.000Z.jsonl')).toBe(lines(1));
    expect(files.durable('/d/out.jsonl')).toBe(lines(2));
    await cleanUp();
  });

  test('when it has reached its age, also when no change comes, and none for an empty one', async () => {
    const { clock, files, open, cleanUp } = setup();
    const publisher = await open({ maxAgeMs: 60_000 });
    await clock.advance(90_000);
    await publisher.publish(of(1), { signal: never });
    await clock.advance(180_000);
    expect(files.paths.filter((path) => !path.endsWith('.lock'))).toEqual([
      expect.stringMatching(/^\/d\/out\.2026.*\.jsonl$/),
    ]);
    await publisher.publish(of(2), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(2));
    await cleanUp();
  });

  test('and no finished one is written over when the clock was set back', async () => {
    const { files, open, cleanUp } = setup();
    files.put('/d/out.20991231T235959.999Z.jsonl', 'old');
    const publisher = await open({ maxBytes: 8 });
    await publisher.publish(of(1, 2), { signal: never });
    expect(files.durable('/d/out.20991231T235959.999Z.jsonl')).toBe('old');
    expect(files.durable('/d/out.21000101T000000.000Z.jsonl')).toBe(lines(1));
    await cleanUp();
  });
});

describe('after a crash', () => {
  test.each([
    ['an unfinished line', `${lines(1, 2)}{"n":`],
    ['nothing but an unfinished line', '{"n":'],
    ['zeros that stand for data that never arrived', `${lines(1)}${'\0'.repeat(9)}}\n${lines(3)}`],
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
    files.fail('write', 'ENOSPC');
    await expect(publisher.publish(of(2), { signal: never })).rejects.toMatchObject({
      code: 'DiskFull',
      disposition: 'retry',
      message: expect.stringContaining('/d/out.jsonl: the disk is full') as string,
    });
    await publisher.publish(of(2, 3), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 2, 3));
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
    files.fail('write', 'ENOSPC');
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
  ])('%s at the start is %s (%s) and says: %s', async (code, ours, disposition, advice) => {
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
    'a missing directory of %s is said at the start',
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
      'write',
      'sync',
      'truncate',
      'rename',
      'list',
      'syncDirectoryOf',
      'status',
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

describe('a path that names fill in', () => {
  const inTable = (n: number, table: string) => routed(n, { table });

  test('gives each table its file, in directories that are made', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ path: '/d/{{ database }}/{{schema}}.{{- table -}}.jsonl' });
    await publisher.publish([inTable(1, 'A'), inTable(2, 'B'), inTable(3, 'A')], { signal: never });
    expect([files.durable('/d/d/dbo.A.jsonl'), files.durable('/d/d/dbo.B.jsonl')]).toEqual([
      lines(1, 3),
      lines(2),
    ]);
    await cleanUp();
  });

  test.each([
    ['../../etc/x', '/d/%2E.%2F..%2Fetc%2Fx.jsonl'],
    ['..', '/d/%2E%2E.jsonl'],
    ['Åse & co', '/d/%C3%85se%20%26%20co.jsonl'],
    ['x'.repeat(120), `/d/${'x'.repeat(83)}~${'120'.padStart(16, '0')}.jsonl`],
  ])('a table named %s leads nowhere else', async (table, path) => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ path: '/d/{{ table }}.jsonl' });
    await publisher.publish([inTable(1, table)], { signal: never });
    expect(files.durable(path)).toBe(lines(1));
    await cleanUp();
  });

  test('keeps a bounded number of files open', async () => {
    const { clock, files, open, cleanUp } = setup();
    const publisher = await open({ path: '/d/{{ table }}.jsonl', maxOpen: 2 });
    for (let round = 0; round < 2; round += 1) {
      await publisher.publish(
        ['A', 'B', 'C', 'D', 'E'].map((table, n) => inTable(round * 10 + n, table)),
        {
          signal: never,
        },
      );
    }
    expect(['A', 'E'].map((table) => files.durable(`/d/${table}.jsonl`))).toEqual([
      lines(0, 10),
      lines(4, 14),
    ]);
    expect(files.mostOpen).toBe(2);
    await clock.advance(60_000);
    expect(files.handles).toBe(0);
    await cleanUp();
  });

  test('a failure of one file names what of each table was not written', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ path: '/d/{{ table }}.jsonl' });
    await publisher.publish([inTable(0, 'A'), inTable(0, 'B')], { signal: never });
    files.fail('write', 'ENOSPC');
    const events = [inTable(1, 'B'), inTable(2, 'A'), inTable(3, 'B')];
    await expect(publisher.publish(events, { signal: never })).rejects.toMatchObject({
      failures: [{ key: 'B', from: 0, error: { code: 'DiskFull' } }],
    });
    expect([files.durable('/d/A.jsonl'), files.durable('/d/B.jsonl')]).toEqual([lines(0, 2), lines(0)]);
    await cleanUp();
  });
});

describe('two processes with one path', () => {
  test('the second waits, and is told who has it and what to do', async () => {
    const { open, publisher, cleanUp } = setup();
    const first = await open();
    const second = publisher({}, { pid: 2, token: 'b' });
    await expect(second.connect({ signal: never })).rejects.toMatchObject({
      code: 'FileInUse',
      disposition: 'retry',
      message: expect.stringMatching(/process 1 on h writes to it: .*DSTREAM_INSTANCE/) as string,
    });
    await first[Symbol.asyncDispose]();
    await second.connect({ signal: never });
    await cleanUp();
  });

  test('two outputs of one process are not confused with one', async () => {
    const { open, publisher, cleanUp } = setup();
    await open();
    await expect(publisher().connect({ signal: never })).rejects.toMatchObject({
      code: 'FileInUse',
      message: expect.stringContaining('another output of this process') as string,
    });
    await cleanUp();
  });

  test.each([
    ['a process that is gone', 'h', 77],
    ['this process in its former life', 'h', 1],
  ])('the lock of %s is taken away at once', async (_, host, pid) => {
    const { files, open, cleanUp } = setup();
    files.put(`/d/out.jsonl~${host}~${pid}~old.lock`, '');
    await open();
    expect(files.paths.filter((path) => path.endsWith('old.lock'))).toEqual([]);
    await cleanUp();
  });

  test('the lock of another machine is taken away when it has not moved for thirty seconds', async () => {
    const { clock, files, publisher, cleanUp } = setup();
    files.put('/d/out.jsonl~elsewhere~1~old.lock', '');
    const second = publisher();
    const attempt = () => second.connect({ signal: never });
    await expect(attempt()).rejects.toMatchObject({ code: 'FileInUse' });
    await clock.advance(20_000);
    await files.touch('/d/out.jsonl~elsewhere~1~old.lock');
    await expect(attempt()).rejects.toMatchObject({ code: 'FileInUse' });
    await clock.advance(29_000);
    await expect(attempt()).rejects.toMatchObject({ code: 'FileInUse' });
    await clock.advance(1_000);
    await expect(attempt()).resolves.toBeUndefined();
    await cleanUp();
  });

  test('a process that lives renews its lock', async () => {
    const { clock, open, publisher, cleanUp } = setup();
    await open();
    const other = publisher({}, { host: 'other' });
    for (let n = 0; n < 8; n += 1) {
      await expect(other.connect({ signal: never })).rejects.toMatchObject({ code: 'FileInUse' });
      await clock.advance(10_000);
    }
    await cleanUp();
  });

  test('a process that stood still while another took over does not write', async () => {
    const { clock, files, open, publisher, cleanUp } = setup();
    const first = await open();
    await first.publish(of(1), { signal: never });
    const lock = files.paths.find((path) => path.endsWith('.lock')) ?? '';
    await files.remove(lock);
    const second = publisher({}, { host: 'other', pid: 2, token: 'b' });
    await second.connect({ signal: never });
    await clock.advance(30_000);
    await expect(first.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'FileInUse' });
    await second.publish(of(3), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 3));
    await second[Symbol.asyncDispose]();
    await first.publish(of(2, 4), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 3, 2, 4));
    await expect(publisher({}, { host: 'third' }).connect({ signal: never })).rejects.toMatchObject({
      code: 'FileInUse',
    });
    await cleanUp();
  });

  test('a process that wakes up looks at its lock before its first write, not only every few seconds', async () => {
    const { clock, files, open, cleanUp } = setup();
    let asleepMs = 0;
    const waking = {
      wallMs: () => clock.wallMs(),
      monotonicMs: () => clock.monotonicMs() + asleepMs,
      sleep: (ms: number, signal: AbortSignal) => clock.sleep(ms, signal),
    };
    const publisher = await open({ clock: waking });
    await files.remove(files.paths.find((path) => path.endsWith('.lock')) ?? '');
    asleepMs = 29_000;
    await expect(publisher.publish(of(1), { signal: never })).rejects.toMatchObject({ code: 'FileInUse' });
    expect(files.text('/d/out.jsonl')).toBe('');
    await cleanUp();
  });

  test('a table whose session has moved on is given back to the process that has it now', async () => {
    const { clock, files, open, cleanUp } = setup();
    const first = await open({ path: '/d/{{ table }}.jsonl' });
    const second = await open({ path: '/d/{{ table }}.jsonl' }, { pid: 2, token: 'b' });
    await first.publish(of(1), { signal: never });
    await expect(second.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'FileInUse' });
    await clock.advance(10_000);
    await second.publish(of(2), { signal: never });
    expect(files.durable('/d/T.jsonl')).toBe(lines(1, 2));
    await cleanUp();
  });
});
