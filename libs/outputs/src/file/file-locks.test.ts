import { describe, expect, test } from 'vitest';
import { lines, never, of, setup } from '../../../../test/support/file-rig.ts';

describe('two processes with one path', () => {
  test('the second waits, and is told who has it and what to do', async () => {
    const { open, publisher, cleanUp } = setup();
    const first = await open();
    const second = publisher({}, { pid: 2, token: 'b' });
    await expect(second.connect({ signal: never })).rejects.toMatchObject({
      code: 'FileInUse',
      disposition: 'retry',
      message: expect.stringMatching(
        /process 1 on h writes to it: .*\{\{ env "HOSTNAME" \}\} \(set in containers/,
      ) as string,
    });
    await first[Symbol.asyncDispose]();
    await second.connect({ signal: never });
    await cleanUp();
  });

  test('the second output of one process with this path reports what to fix instead of waiting for ever', async () => {
    const { open, publisher, cleanUp } = setup();
    await open();
    await expect(publisher().connect({ signal: never })).rejects.toMatchObject({
      code: 'ConfigInvalid',
      disposition: 'fatal',
      message: expect.stringMatching(/another output of this process .* a path of its own$/) as string,
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

  test('a table whose session has moved is released to the process that has it now', async () => {
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

  test('a process that stood still in the middle of a write does not write over its successor', async () => {
    const { clock, files, open, publisher, cleanUp } = setup();
    const first = await open();
    await first.publish(of(1), { signal: never });
    const [sync, before] = [Promise.withResolvers<void>(), files.count('sync')];
    files.syncing = sync.promise;
    const late = first.publish(of(2), { signal: never });
    while (files.count('sync') === before) await Promise.resolve();
    await clock.advance(0);
    files.syncing = Promise.resolve();
    // It stands still: its lock is not renewed, though its process lives.
    files.fail('touch', 'EIO', 1_000);
    const second = publisher({}, { host: 'other', pid: 2, token: 'b' });
    await expect(second.connect({ signal: never })).rejects.toMatchObject({ code: 'FileInUse' });
    await clock.advance(30_000);
    files.faults.length = 0;
    await second.connect({ signal: never });
    await second.publish(of(2, 3), { signal: never });
    sync.resolve();
    await expect(late).rejects.toMatchObject({ code: 'Transient' });
    await expect(first.publish(of(2), { signal: never })).rejects.toMatchObject({ code: 'FileInUse' });
    expect(files.durable('/d/out.jsonl')).toBe(lines(2, 3));
    expect(files.durable('/d/out.20261120T000030.000Z.jsonl')).toBe(lines(1, 2));
    await cleanUp();
  });

  test('a successor continues in the file of a process that is gone', async () => {
    const { files, open, cleanUp } = setup();
    files.put('/d/out.jsonl', lines(1));
    files.put('/d/out.jsonl~h~77~old.lock', '');
    const publisher = await open();
    await publisher.publish(of(2), { signal: never });
    expect(files.durable('/d/out.jsonl')).toBe(lines(1, 2));
    await cleanUp();
  });
});
