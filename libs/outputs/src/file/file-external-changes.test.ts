/** What other programs do to a file while it is written. */
import { silentLog, type LogFields } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { lines, never, of, setup } from '../../../../test/support/file-rig.ts';
import type { MemoryFiles } from '../../../../test/support/memory-files.ts';

const path = '/d/out.jsonl';

function recording() {
  const logged: { level: string; sentence: string; fields: LogFields | undefined }[] = [];
  const at = (level: string) => (sentence: string, fields?: LogFields) =>
    void logged.push({ level, sentence, fields });
  return { logged, log: { ...silentLog, warn: at('warn'), error: at('error') } };
}

/** Publishes 1 and 2, lets `change` happen, publishes 3. */
async function around(change: (files: MemoryFiles) => void) {
  const { logged, log } = recording();
  const { files, open, cleanUp } = setup();
  const publisher = await open({ log });
  await publisher.publish(of(1, 2), { signal: never });
  change(files);
  await publisher.publish(of(3), { signal: never });
  await cleanUp();
  return { files, logged };
}

const range = { beganAt: '2026-11-20T00:00:00.000Z', acknowledgedUntil: '2026-11-20T00:00:00.000Z' };

describe('between two writes', () => {
  test('a file that was removed is started anew, and what it had is reported as lost', async () => {
    const { files, logged } = await around((f) => f.unlink(path));
    expect(files.durable(path)).toBe(lines(3));
    expect(logged).toEqual([
      {
        level: 'error',
        sentence: 'another program changed the file: acknowledged changes are lost',
        fields: { change: 'removed', path, fromByte: 0, toByte: 16, ...range },
      },
    ]);
  });

  test('a file that was truncated has no hole, and what is gone is reported', async () => {
    const { files, logged } = await around((f) => f.truncate(path, 8));
    expect(files.durable(path)).toBe(lines(1, 3));
    expect(logged).toMatchObject([
      { level: 'error', fields: { change: 'truncated', fromByte: 8, toByte: 16 } },
    ]);
  });

  test('a file that was renamed keeps its lines, and a new one is started', async () => {
    const { files, logged } = await around((f) => f.move(path, '/d/old'));
    expect([files.durable('/d/old'), files.durable(path)]).toEqual([lines(1, 2), lines(3)]);
    expect(logged).toMatchObject([{ level: 'warn', fields: { change: 'renamed', path } }]);
  });

  test('a file that was replaced is the one that is written to now', async () => {
    const { files, logged } = await around((f) => f.put(path, lines(7)));
    expect(files.durable(path)).toBe(lines(7, 3));
    expect(logged).toMatchObject([{ level: 'error', fields: { fromByte: 0, toByte: 16 } }]);
  });

  test('what another program has added is not written over', async () => {
    const { files, logged } = await around((f) => f.write(path, lines(9)));
    expect(files.durable(path)).toBe(lines(1, 2, 9, 3));
    expect(logged).toMatchObject([{ level: 'warn', sentence: expect.stringContaining('a path of its own') }]);
  });

  test('one that keeps adding is reported once in ten minutes, however often it does', async () => {
    const { logged, log } = recording();
    const { clock, files, open, cleanUp } = setup();
    const publisher = await open({ log });
    for (const [n, minutes] of [0, 1, 8, 1, 1].entries()) {
      await clock.advance(minutes * 60_000);
      await publisher.publish(of(n), { signal: never });
      files.write(path, lines(9));
    }
    await publisher.publish(of(5), { signal: never });
    expect(logged).toHaveLength(2);
    expect(files.durable(path)).toBe(lines(0, 9, 1, 9, 2, 9, 3, 9, 4, 9, 5));
    await cleanUp();
  });
});

describe('while lines are written', () => {
  test.each<[string, (files: MemoryFiles) => void, string, string]>([
    ['removed', (f) => f.unlink(path), lines(2), 'error'],
    ['renamed', (f) => f.move(path, '/d/old'), lines(2), 'warn'],
    ['truncated', (f) => f.truncate(path, 0), lines(2), 'error'],
  ])('a file that was %s does not count as written', async (what, change, there, level) => {
    const { logged, log } = recording();
    const { files, open, cleanUp } = setup();
    const publisher = await open({ log });
    await publisher.publish(of(1), { signal: never });
    const [sync, before] = [Promise.withResolvers<void>(), files.count('sync')];
    files.syncing = sync.promise;
    const publishing = publisher.publish(of(2), { signal: never });
    while (files.count('sync') === before) await Promise.resolve();
    change(files);
    sync.resolve();
    await expect(publishing).rejects.toMatchObject({
      code: 'Transient',
      message: `${path} was ${what} by another program during a write`,
    });
    await publisher.publish(of(2), { signal: never });
    expect(files.durable(path)).toBe(there);
    expect(logged.map((entry) => entry.level)).toEqual([level]);
    await cleanUp();
  });
});

test('the loss of a file that nobody writes to any more is reported within seconds', async () => {
  const { logged, log } = recording();
  const { clock, files, open, cleanUp } = setup();
  const publisher = await open({ log });
  await publisher.publish(of(1), { signal: never });
  files.unlink(path);
  await clock.advance(1_000);
  expect(logged).toMatchObject([{ level: 'error', fields: { fromByte: 0, toByte: 8 } }]);
  await clock.advance(5_000);
  expect(logged).toHaveLength(1);
  await cleanUp();
});

describe('a path that keeps nothing', () => {
  test.each([
    ['pipe', /named pipe.*type "console"/],
    ['device', /device.*type "console"/],
    ['socket', /socket/],
    ['directory', /directory: add the name of a file/],
  ] as const)('a %s is refused at the start, with what to use instead', async (kind, message) => {
    const { files, publisher, cleanUp } = setup();
    files.kind = kind;
    files.put(path, '');
    await expect(publisher().connect({ signal: never })).rejects.toMatchObject({
      code: 'ConfigInvalid',
      message: expect.stringMatching(message) as string,
    });
    expect(files.count('open')).toBe(0);
    await cleanUp();
  });
});
