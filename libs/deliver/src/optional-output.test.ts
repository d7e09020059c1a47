import { BatchError, DStreamError, type RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

const away = () => new DStreamError('Unreachable', 'nobody answers');
const ids = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, n) => `c${from + n}`);

/** One message of one change for each number. */
const messages = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, n) => message([from + n]));

/** A rig whose second output, `other`, is not required. */
function world(bufferBytes = 1_000_000) {
  const made = setup({ others: [{ bufferBytes }] });
  const [other] = made.others;
  if (other === undefined) throw new Error('there is no other output');
  const otherReport = () => made.report().outputs[1];
  return { ...made, other, otherReport };
}

/** The other output hangs with five changes, and the stop has begun. */
async function hangingAtStop() {
  const w = world();
  w.other.hold = new Promise(() => undefined);
  const running = w.start();
  await w.send(...messages(1, 5));
  await w.clock.advance(1_000);
  w.draining.abort(new Error('stopping'));
  return { w, running };
}

describe('an output that is not required', () => {
  test('gets every change in order, as the required one does', async () => {
    const w = world();
    await w.send(...messages(1, 50));
    const running = w.start();
    await w.clock.advance(1_000);
    expect([w.output.got, w.other.got]).toEqual([ids(1, 50), ids(1, 50)]);
    await stop(w, running);
    expect(w.otherReport()).toMatchObject({
      state: 'working',
      delivered: 50,
      dropped: 0,
      waiting: { changes: 0, bytes: 0 },
      latencySeconds: expect.any(Number) as number,
    });
  });

  test('that hangs keeps no message waiting, and has all of them when it moves again', async () => {
    const w = world();
    const hold = Promise.withResolvers<void>();
    w.other.hold = hold.promise;
    const running = w.start();
    await w.send(...messages(1, 30));
    await w.clock.advance(1_000);
    expect([w.output.got, w.topic.messages(), w.other.got]).toEqual([ids(1, 30), [], []]);
    expect(w.otherReport()?.waiting.changes).toBe(30);
    hold.resolve();
    await w.clock.advance(1_000);
    expect(w.other.got).toEqual(ids(1, 30));
    await stop(w, running);
  });

  test('is tried again while it is unreachable: one line when it begins and one when it is over', async () => {
    const w = world();
    w.other.away = away();
    const running = w.start();
    await w.send(...messages(1, 3), message([1], 's/d/dbo.T/2'), message([1], 's/d/dbo.T/3'));
    await w.clock.advance(50_000);
    expect(w.otherReport()).toMatchObject({
      state: 'failing',
      failing: { code: 'Unreachable', reason: 'nobody answers' },
      waiting: { changes: 5 },
    });
    w.other.away = undefined;
    await w.clock.advance(3_000);
    expect([...w.other.got].sort()).toEqual(['c1', 'c1', 'c1', 'c2', 'c3']);
    expect(w.lines().filter((line) => line.startsWith('publishing'))).toEqual([
      'publishing to other failed; retrying',
      'publishing to other recovered',
    ]);
    expect(w.otherReport()).toMatchObject({ state: 'working', failing: null });
    await stop(w, running);
  });

  test('what it has accepted of a batch that failed is not given again', async () => {
    const w = world();
    w.other.answers.push(() => new BatchError([{ key: 's/d/dbo.T', from: 2, error: away() }]));
    const running = w.start();
    await w.send(message([1, 2, 3, 4]));
    await w.clock.advance(10_000);
    expect([w.other.got, w.otherReport()?.delivered]).toEqual([ids(1, 4), 4]);
    await stop(w, running);
  });

  test('what it refuses for good is counted and logged once, not dead-lettered, and the rest arrives', async () => {
    const w = world();
    const refuse = (events: readonly RoutedEvent[]) =>
      events.some(({ event }) => ['c3', 'c5'].includes(event.metadata.id))
        ? new DStreamError('Rejected', 'no')
        : undefined;
    w.other.answers.push(...Array.from({ length: 20 }, () => refuse));
    const running = w.start();
    await w.send(message([1, 2, 3, 4, 5, 6]));
    await w.clock.advance(1_000);
    expect(w.other.got).toEqual(['c1', 'c2', 'c4', 'c6']);
    expect([w.topic.deadLetters(), w.otherReport()?.refused]).toEqual([[], 2]);
    expect(w.said.filter(({ sentence }) => sentence.includes('changes refused'))).toMatchObject([
      { fields: { change: 'c3', session: 's/d/dbo.T', table: 'dbo.T', code: 'Rejected', reason: 'no' } },
    ]);
    await stop(w, running);
    expect(await w.metrics.text()).toContain(
      'dstream_changes_dropped_total{output="other",reason="refused"} 2',
    );
  });
});

describe('its buffer', () => {
  test('drops the oldest when it is full: what is lost is one stretch, counted and logged once with its extent', async () => {
    const w = world(10_000);
    w.other.away = away();
    const running = w.start();
    await w.clock.advance(10);
    for (let n = 1; n <= 200; n += 1) {
      await w.send(message([n]));
      await w.clock.advance(20);
    }
    const { dropped = 0, waiting } = w.otherReport() ?? {};
    expect(waiting?.bytes).toBeLessThanOrEqual(10_000);
    expect([w.output.got.length, dropped + (waiting?.changes ?? 0)]).toEqual([200, 200]);
    w.other.away = undefined;
    await w.clock.advance(60_000);
    expect(w.other.got).toEqual(ids(dropped + 1, 200));
    const said = w.said.filter(({ sentence }) => sentence.includes('buffer full'));
    expect(said).toHaveLength(2);
    expect(said.reduce((sum, { fields }) => sum + Number(fields?.['changes']), 0)).toBe(dropped);
    expect(await w.metrics.text()).toContain(
      `dstream_changes_dropped_total{output="other",reason="buffer_full"} ${dropped}`,
    );
    await stop(w, running);
  });

  test('is empty after the stop: what waits is sent', async () => {
    const w = world();
    const hold = Promise.withResolvers<void>();
    w.other.hold = hold.promise;
    const running = w.start();
    await w.send(...messages(1, 20));
    await w.clock.advance(1_000);
    w.draining.abort(new Error('stopping'));
    await w.clock.advance(1_000);
    hold.resolve();
    await running;
    expect(w.other.got).toEqual(ids(1, 20));
    expect([w.otherReport()?.dropped, w.clock.sleeping]).toEqual([0, 0]);
  });

  test('a stop makes one more attempt, does not wait for an output that is unreachable, and logs what is lost', async () => {
    const w = world();
    w.other.away = away();
    const running = w.start();
    await w.send(...messages(1, 20));
    await w.clock.advance(60_000);
    const before = w.other.publishes;
    await stop(w, running);
    expect(w.other.publishes - before).toBe(1);
    expect(w.otherReport()).toMatchObject({ dropped: 20, waiting: { changes: 0, bytes: 0 } });
    expect(w.said).toContainEqual({
      sentence: 'output other: could not deliver the buffered changes before shutdown; dropping them',
      fields: expect.objectContaining({ changes: 20, sessions: 1 }) as object,
    });
  });

  test('a stop gives up a publish that hangs long before its own time is up', async () => {
    const { w, running } = await hangingAtStop();
    await w.clock.advance(10_000);
    await running;
    expect([w.otherReport()?.dropped, w.topic.messages(), w.clock.sleeping]).toEqual([5, [], 0]);
  });

  test('a stop that runs out of time ends a publish that hangs, and logs what is lost', async () => {
    const { w, running } = await hangingAtStop();
    await w.clock.advance(1_000);
    w.aborted.abort(new Error('time is up'));
    await running;
    expect([w.otherReport()?.dropped, w.clock.sleeping]).toEqual([5, 0]);
  });

  test('what a session gave it is published also when the session is lost', async () => {
    const w = world();
    w.other.away = away();
    const running = w.start();
    await w.send(...messages(1, 3));
    await w.clock.advance(1_000);
    w.topic.loseLock('s/d/dbo.T');
    await w.clock.advance(1_000);
    w.other.away = undefined;
    await w.clock.advance(60_000);
    expect(w.other.got).toEqual(ids(1, 3));
    await stop(w, running);
  });
});

describe('when it cannot be reached', () => {
  test('at the start, the processor works, and it gets its changes once it is there', async () => {
    const w = world();
    w.other.refusals.push(away(), new DStreamError('Unauthorized', 'no access yet'), away());
    const running = w.start();
    await w.send(...messages(1, 3));
    await w.clock.advance(100);
    expect([w.report().ready, w.output.got, w.otherReport()?.state]).toEqual([true, ids(1, 3), 'connecting']);
    await w.clock.advance(60_000);
    expect([w.other.got, w.otherReport()?.state]).toEqual([ids(1, 3), 'working']);
    await stop(w, running);
  });

  test('until the stop, the stop does not wait', async () => {
    const w = world();
    w.other.refusals.push(...Array.from({ length: 99 }, away));
    const running = w.start();
    await w.send(...messages(1, 3));
    await w.clock.advance(1_000);
    await stop(w, running);
    expect(w.otherReport()).toMatchObject({ dropped: 3, delivered: 0 });
  });

  test('ever again, because its reader is gone, the process continues without it', async () => {
    const w = world();
    w.other.answers.push(() => new DStreamError('OutputClosed', 'nobody reads'));
    const running = w.start();
    await w.send(...messages(1, 2));
    await w.clock.advance(1_000);
    await w.send(...messages(3, 4));
    await w.clock.advance(1_000);
    expect([w.output.got, w.other.got]).toEqual([ids(1, 4), []]);
    expect(w.otherReport()).toMatchObject({ state: 'closed', dropped: 4, failing: { code: 'OutputClosed' } });
    expect(w.lines().filter((line) => line.includes('continuing without it'))).toHaveLength(1);
    await stop(w, running);
  });
});

describe('several required outputs', () => {
  test('all get everything; one that is unreachable keeps the messages, with one line for all sessions', async () => {
    const w = setup({ others: [{ name: 'second', required: true }] });
    const [second] = w.others;
    if (second === undefined) throw new Error('there is no second output');
    second.away = away();
    const running = w.start();
    await w.send(message([1]), message([1], 's/d/dbo.T/2'), message([1], 's/d/dbo.T/3'));
    await w.clock.advance(50_000);
    expect([w.output.got.length, second.got.length, w.topic.messages().length]).toEqual([3, 0, 3]);
    expect(w.lines().filter((line) => line.startsWith('publishing'))).toHaveLength(1);
    expect(w.report().outputs[1]).toMatchObject({
      state: 'failing',
      waiting: { changes: 3 },
      bufferBytes: null,
    });
    second.away = undefined;
    await w.clock.advance(3_000);
    expect([w.output.got.length, second.got.length, w.topic.messages().length]).toEqual([3, 3, 0]);
    const healthy = { state: 'working', waiting: { changes: 0, bytes: 0 }, delivered: 3 };
    expect(w.report().outputs).toMatchObject([healthy, healthy]);
    await stop(w, running);
  });
});
