import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test, vi } from 'vitest';
import { FakeCdcClient, lsn, type FakeInstance } from '../../../../../test/support/fake-cdc-client.ts';
import type { Lsn } from '../position/log-position.ts';
import { Prober } from './prober.ts';

const { signal } = new AbortController();

const instance = (name: string): FakeInstance => ({
  name,
  startLsn: lsn(1),
  columns: [],
  key: [],
  columnUpdates: 0,
  rows: [],
});

function rig(...names: string[]) {
  const client = new FakeCdcClient(names.map(instance), lsn(9));
  const clock = new ManualClock();
  const prober = new Prober(client, clock);
  names.forEach((name) => prober.register(name));
  const ask = (captureInstance: string, dueAtMs = 0) =>
    prober.probe({ captureInstance, completeUpTo: lsn(5), dueAtMs, slackMs: 40 }, signal);
  /** All in one pass; how it ended for each. */
  const all = async () => {
    const dueAtMs = clock.monotonicMs() + 100;
    const answers = Promise.allSettled(names.map((name) => ask(name, dueAtMs)));
    await clock.advance(100);
    return (await answers).map(({ status }) => status);
  };
  return { client, clock, prober, ask, all };
}

describe('the prober', () => {
  test('asks for all tables that are due about now in one statement', async () => {
    const { client, clock, ask } = rig('a', 'b', 'c');
    client.instances[1]?.rows.push({
      lsn: lsn(6),
      seqval: lsn(1),
      operation: 2,
      mask: Buffer.alloc(1),
      values: [],
    });
    const answers = Promise.all([ask('a', 100), ask('b', 130)]);
    const later = ask('c', 500);
    await clock.advance(100);
    expect((await answers).map(({ hasNewChanges }) => hasNewChanges)).toEqual([false, true]);
    expect(client.statements).toHaveLength(1);
    await clock.advance(400);
    expect((await later).max).toBe(lsn(9));
    expect(client.statements.map(({ text }) => text)).toEqual([
      client.statements[0]?.text,
      client.statements[0]?.text,
    ]);
  });

  test('sets its alarm once for all that are due together, and again only for who is due sooner', async () => {
    const { client, clock, ask } = rig('a', 'b', 'c', 'd');
    const sleep = vi.spyOn(clock, 'sleep');
    const later = Promise.all(['a', 'b', 'c'].map((name) => ask(name, 500)));
    expect(sleep).toHaveBeenCalledTimes(1);
    const sooner = ask('d', 100);
    await clock.advance(100);
    await sooner;
    await clock.advance(400);
    await later;
    expect([sleep.mock.calls.map(([ms]) => ms), client.statements.length]).toEqual([[500, 100, 400], 2]);
  });

  test.each([
    ['gone', 208],
    ['closed to us', 229],
    ['locked', 1222],
    ['damaged', 824],
  ])('a change table that is %s does not take the other tables with it', async (_, number) => {
    const { client, ask } = rig('a', 'b');
    client.before = ({ text }) => {
      if (text.includes('b_CT')) throw Object.assign(new Error('what the server said'), { number });
    };
    const [a, b] = await Promise.allSettled([ask('a'), ask('b')]);
    expect([a?.status, b?.status]).toEqual(['fulfilled', 'rejected']);
  });

  describe('a change table that fails', () => {
    const refusing = (client: FakeCdcClient, number: number) => {
      client.before = ({ text }) => {
        if (text.includes('b_CT')) throw Object.assign(new Error('what the server said'), { number });
      };
    };
    const about = ({ statements }: FakeCdcClient) =>
      statements.map(({ text }) => [...text.matchAll(/(\w)_CT/g)].map(([, name]) => name).join(''));

    test('is left out of what the others are asked, until it answers again', async () => {
      const { client, all } = rig('a', 'b');
      refusing(client, 1222);
      expect(await all()).toEqual(['fulfilled', 'rejected']);
      expect(about(client)).toEqual(['ab', 'a', 'b']);
      expect(await all()).toEqual(['fulfilled', 'rejected']);
      expect(about(client).slice(3).sort()).toEqual(['a', 'b']);
      client.before = () => {};
      await all();
      expect(await all()).toEqual(['fulfilled', 'fulfilled']);
      expect(about(client).slice(5).sort()).toEqual(['a', 'ab', 'b']);
    });

    test('is found when it is not due, and fails one pass only', async () => {
      const { client, ask } = rig('a', 'b');
      refusing(client, 1222);
      await ask('a');
      await ask('a');
      expect(about(client)).toEqual(['ab', 'a', 'b', 'a']);
    });

    test('does not keep the others waiting while it is asked again', async () => {
      const { client, ask, all, prober } = rig('a', 'b');
      refusing(client, 1222);
      await all();
      const query = client.query.bind(client);
      const answered = Promise.withResolvers<void>();
      client.query = async (statement) => {
        if (statement.text.includes('b_CT')) await answered.promise;
        return query(statement);
      };
      const locked = expect(ask('b')).rejects.toMatchObject({ cause: { number: 1222 } });
      await ask('a');
      await ask('a');
      answered.resolve();
      await locked;
      await prober.stop(new Error('closed'));
    });

    test('and a connection that is lost then: all that are left hear of it at once', async () => {
      const { client, all } = rig('a', 'b', 'c', 'd');
      client.before = ({ text }) => {
        if (text.includes('a_CT') && text.includes('b_CT'))
          throw Object.assign(new Error('gone'), { number: 208 });
        if (text.includes('b_CT')) throw new Error('connection lost');
      };
      expect(await all()).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
      expect(about(client)).toEqual(['abcd', 'a', 'b']);
    });
  });

  test('of two that wait for one instance the lower position gets its change', async () => {
    const { client, clock, prober } = rig('a');
    const mask = Buffer.alloc(1);
    client.instances[0]?.rows.push({ lsn: lsn(6), seqval: lsn(1), operation: 2, mask, values: [] });
    const ask = (completeUpTo: Lsn) =>
      prober.probe({ captureInstance: 'a', completeUpTo, dueAtMs: 100, slackMs: 40 }, signal);
    const answers = Promise.all([ask(lsn(5)), ask(lsn(7))]);
    await clock.advance(100);
    expect([(await answers)[0].hasNewChanges, client.statements.length]).toEqual([true, 1]);
  });

  test('an instance without its first LSN is not there yet, and is noticed when it has one', async () => {
    const { client, ask } = rig('a', 'b');
    const established = client.query.bind(client);
    client.query = async (statement) => {
      const sets = await established(statement);
      return sets.map((rows) => rows.map((row) => (row[0] === 'b' ? ['b', null] : row)));
    };
    const early = await ask('a');
    expect([early.instances, [...early.low.keys()]]).toEqual(['a', ['a']]);
    client.query = established;
    expect((await ask('a')).instances).toBe('a\nb');
  });

  test('a lost connection rejects all that wait, and the next probe runs again', async () => {
    const { client, ask } = rig('a', 'b');
    client.before = () => {
      throw new Error('gone');
    };
    const results = await Promise.allSettled([ask('a'), ask('b')]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    client.before = () => {};
    expect((await ask('a')).max).toBe(lsn(9));
  });

  test('one who gives up, and stopping, leave no timer', async () => {
    const { clock, prober, ask } = rig('a', 'b');
    const controller = new AbortController();
    const request = { captureInstance: 'a', completeUpTo: lsn(5), dueAtMs: 1_000, slackMs: 40 };
    const impatient = prober.probe(request, controller.signal);
    controller.abort(new Error('enough'));
    await expect(impatient).rejects.toThrow('enough');
    const stopped = ask('b', 1_000);
    const rejected = expect(stopped).rejects.toThrow('closed');
    await prober.stop(new Error('closed'));
    await rejected;
    expect(clock.sleeping).toBe(0);
  });
});
