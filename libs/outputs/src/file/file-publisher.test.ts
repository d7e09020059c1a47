import { silentLog, type Clock } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { lines, never, of, routed, setup } from '../../../../test/support/file-rig.ts';
import { FileWriter } from './file-writer.ts';
import { WriterPool } from './writer-pool.ts';

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
    const made = files.calls.filter((call) => ['open', 'rename', 'append', 'syncDirectoryOf'].includes(call));
    const once = ['open', 'syncDirectoryOf', 'append'];
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

  test('when it has reached its age by the time that passed, also when the clock was set back by a day', async () => {
    const { clock, files, open, cleanUp } = setup();
    let offsetMs = 0;
    const setBack: Clock = {
      wallMs: () => clock.wallMs() + offsetMs,
      monotonicMs: () => clock.monotonicMs(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    };
    const publisher = await open({ maxAgeMs: 60_000, clock: setBack });
    await publisher.publish(of(1), { signal: never });
    offsetMs = -86_400_000;
    await clock.advance(90_000);
    expect(files.paths.filter((path) => !path.endsWith('.lock'))).toEqual([
      expect.stringMatching(/^\/d\/out\.2026.*\.jsonl$/),
    ]);
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
    files.fail('append', 'ENOSPC');
    const events = [inTable(1, 'B'), inTable(2, 'A'), inTable(3, 'B')];
    await expect(publisher.publish(events, { signal: never })).rejects.toMatchObject({
      failures: [{ key: 'B', from: 0, error: { code: 'DiskFull' } }],
    });
    expect([files.durable('/d/A.jsonl'), files.durable('/d/B.jsonl')]).toEqual([lines(0, 2), lines(0)]);
    await cleanUp();
  });
});

describe('files that are named after changes', () => {
  const inRegion = (n: number, Region: string | null) => {
    const [change] = of(n);
    if (change === undefined) throw new Error('there is no change');
    return { ...change, event: { ...change.event, data: { Region } } };
  };

  test('hold the changes that name them, and a change without a name is refused by itself', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open({ path: '/d/{{ data.Region }}.jsonl' });
    const events = [inRegion(1, 'EU'), inRegion(2, null), inRegion(3, 'EU'), inRegion(4, 'US')];
    await expect(publisher.publish(events, { signal: never })).rejects.toMatchObject({
      failures: [
        { from: 1, error: { code: 'Rejected', message: expect.stringContaining('data.Region is NULL') } },
      ],
    });
    expect(events.map((event) => publisher.destinationOf?.(event))).toEqual([
      '/d/EU.jsonl',
      '',
      '/d/EU.jsonl',
      '/d/US.jsonl',
    ]);
    expect(files.durable('/d/EU.jsonl')).toBe(lines(1, 3));
    expect(files.durable('/d/US.jsonl')).toBe(lines(4));
    await cleanUp();
  });

  test('are those that a transform has chosen, in directories that are made, also where the path is one for all', async () => {
    const { files, open, cleanUp } = setup();
    const publisher = await open();
    const chosen = of(2).map((event) => ({ ...event, destination: 'eu/x.jsonl' }));
    await publisher.publish([...of(1), ...chosen], { signal: never });
    expect([files.durable('/d/out.jsonl'), files.durable('/d/eu/x.jsonl')]).toEqual([lines(1), lines(2)]);
    await cleanUp();
  });

  test.each([
    [undefined, 0],
    // Their age is not reached yet: they are finished then, and forgotten.
    [3_600_000, 200],
  ])(
    'are forgotten when they are idle and finished: of 200 with an age of %s ms, %s are not',
    async (maxAgeMs, left) => {
      const { clock, files, cleanUp } = setup();
      const log = silentLog;
      const identity = { host: 'h', pid: 1, token: 'a', isAlive: () => true };
      const open = (path: string, reserve: () => Promise<() => void>, idle: () => void) =>
        new FileWriter({
          files,
          path,
          clock,
          log,
          identity,
          makesDirectory: true,
          maxBytes: 1e6,
          maxAgeMs,
          reserve,
          idle,
        });
      await using pool = new WriterPool({ maxOpen: 8, isKept: () => false, open, clock, log });
      for (let n = 0; n < 200; n += 1) await pool.at(`/d/${n}.jsonl`).append(Buffer.from(`${n}\n`), never);
      await clock.advance(1_000);
      await pool.maintain();
      expect(pool.size).toBe(left);
      await clock.advance(3_600_000);
      await pool.maintain();
      await pool.maintain();
      expect(pool.size).toBe(0);
      await pool.at('/d/7.jsonl').append(Buffer.from('again\n'), never);
      expect(files.durable('/d/7.jsonl')).toBe(left === 0 ? '7\nagain\n' : 'again\n');
      await pool[Symbol.asyncDispose]();
      await cleanUp();
    },
  );
});
