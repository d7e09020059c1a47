import { DStreamError, messageMemory, type StampedEvent } from '@dstream/core';
import type { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { message, setup, stop, type WorldOptions } from '../../../test/support/processor-rig.ts';
import type { ConfiguredTransform } from './transform-monitor.ts';

const firstOfB = 1_000;
const isForB = ({ metadata: { id } }: StampedEvent) => Number(id.slice(1)) >= firstOfB;
const sessionOf = (n: number) => `s/d/dbo.T/${n}`;
const sessionOfB = (n: number) => sessionOf(500 + n);
const count = (numbers: number) => Array.from({ length: numbers }, (_, n) => n);

/** Outputs `out` and `b`; changes from number 1,000 on go to `b`, the others to `out`. A replica holds four sessions. */
function twoDestinations(options: WorldOptions = {}) {
  const routes = [
    { name: 'b', match: {}, when: isForB, outputs: ['b'] },
    { name: 'a', match: {}, when: (event: StampedEvent) => !isForB(event), outputs: ['out'] },
  ];
  const world = setup({
    maxSessions: 4,
    routing: { routes },
    others: [{ name: 'b', required: true }],
    ...options,
  });
  const [b] = world.others;
  if (b === undefined) throw new Error('there is no output b');
  b.away = new DStreamError('Unreachable', 'nobody answers');
  return { ...world, b };
}

/** Time passes in small steps: in each only so much happens (`ManualClock`). */
async function pass(clock: ManualClock, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 20) await clock.advance(20);
}

/** Three messages for each of so many sessions of `b`. */
function sendToB({ send }: ReturnType<typeof twoDestinations>, sessions: number): Promise<void> {
  return send(
    ...count(sessions).flatMap((session) =>
      count(3).map((n) => message([firstOfB + session * 10 + n], sessionOfB(session))),
    ),
  );
}

/** Sends one change to each of so many sessions of `out`, and says how many of them arrive within five seconds. */
async function arriving(
  world: ReturnType<typeof twoDestinations>,
  n: number,
  sessions: number,
): Promise<number> {
  const before = world.output.got.length;
  await world.send(...count(sessions).map((session) => message([n], sessionOf(session))));
  await pass(world.clock, 5_000);
  return world.output.got.length - before;
}

describe('with an output that is not available, a hundred sessions wait for it', () => {
  test('and the changes for another output flow as before, in four slots', async () => {
    const world = twoDestinations();
    await sendToB(world, 100);
    const running = world.start();
    await pass(world.clock, 30_000);
    expect(world.report().waitingSessions).toBe(100);
    expect(await world.metrics.text()).toContain('dstream_sessions_waiting 100\n');
    for (const n of count(20)) expect(await arriving(world, n, 10)).toBe(10);
    world.b.away = undefined;
    await pass(world.clock, 30_000);
    expect(world.b.got).toHaveLength(300);
    for (const session of count(100)) {
      const own = count(3).map((n) => `c${firstOfB + session * 10 + n}`);
      expect(world.b.got.filter((id) => own.includes(id))).toEqual(own);
    }
    expect([world.topic.messages(), world.topic.deadLetters()]).toEqual([[], []]);
    expect(world.report().waitingSessions).toBe(0);
    await stop(world, running);
  });

  test('with one message each, which takes nothing of max_bytes', async () => {
    const bytes = messageMemory(message([firstOfB]).bodyBytes);
    const world = twoDestinations({ settings: { maxBytes: 100 * bytes } });
    await sendToB(world, 90);
    const running = world.start();
    await pass(world.clock, 30_000);
    expect(world.report().waitingSessions).toBe(90);
    expect(world.report().outputs[1]).toMatchObject({ waiting: { changes: 90 } });
    for (const n of count(5)) expect(await arriving(world, n, 50)).toBe(50);
    await stop(world, running);
  });

  test('of which more than max_waiting_sessions take turns, unsettled and unspent, and leave slots for the others', async () => {
    const world = twoDestinations({ settings: { maxWaitingSessions: 20 } });
    await sendToB(world, 100);
    const running = world.start();
    await pass(world.clock, 30_000);
    expect(world.report().waitingSessions).toBe(20);
    expect(world.lines()).toContain(
      'limit of waiting sessions reached; rotating them: an output is unavailable',
    );
    const arrived: number[] = [];
    for (const n of count(20)) arrived.push(await arriving(world, n, 1));
    await pass(world.clock, 60_000);
    expect(world.output.got).toHaveLength(20);
    world.b.away = undefined;
    await pass(world.clock, 120_000);
    expect([world.b.got.length, world.topic.messages(), world.topic.deadLetters()]).toEqual([300, [], []]);
    await stop(world, running);
  });

  test('and give back what they hold when the process stops', async () => {
    const world = twoDestinations();
    await sendToB(world, 50);
    const running = world.start();
    await pass(world.clock, 30_000);
    await stop(world, running);
    expect(world.topic.messages()).toHaveLength(150);
    expect(world.b.got).toEqual([]);
  });
});

describe('a session', () => {
  test('whose destination a person must fix waits as well, without a breaker that is open', async () => {
    const world = twoDestinations();
    world.b.away = undefined;
    world.b.destinationOf = ({ orderingKey }) => orderingKey;
    world.b.fails = ([first]) =>
      first?.orderingKey === sessionOfB(0)
        ? new DStreamError('DestinationUnusable', 'no such queue')
        : undefined;
    await sendToB(world, 3);
    const running = world.start();
    await pass(world.clock, 30_000);
    expect(world.b.got).toHaveLength(6);
    expect(world.report()).toMatchObject({
      waitingSessions: 1,
      outputs: [{}, { breaker: { state: 'closed' }, failing: { code: 'DestinationUnusable' } }],
    });
    world.b.fails = undefined;
    await pass(world.clock, 30_000);
    expect([world.b.got.length, world.report().waitingSessions]).toEqual([9, 0]);
    await stop(world, running);
  });

  test('that goes to both outputs waits for the slower one', async () => {
    const world = twoDestinations({ routing: { routes: [] } });
    await world.send(message([1]));
    const running = world.start();
    await pass(world.clock, 30_000);
    expect([world.output.got, world.b.got, world.report().waitingSessions]).toEqual([['c1'], [], 1]);
    await stop(world, running);
  });

  test('saves what it has settled before it is released', async () => {
    const world = twoDestinations({ routing: { routes: [] } });
    world.b.away = undefined;
    await world.send(message([1]));
    const running = world.start();
    await pass(world.clock, 50);
    world.b.away = new DStreamError('Unreachable', 'nobody answers');
    await world.send(message([2]), message([3]), message([4]));
    await pass(world.clock, 900);
    const saves = 'dstream_session_state_saves_total';
    expect(await world.metrics.text()).toContain(`${saves} 0\n`);
    await pass(world.clock, 10_000);
    expect(await world.metrics.text()).toContain(`${saves} 1\n`);
    expect(world.report().waitingSessions).toBe(1);
    world.b.away = undefined;
    await pass(world.clock, 10_000);
    expect([world.output.got, world.b.got]).toEqual([
      ['c1', 'c2', 'c3', 'c4'],
      ['c1', 'c2', 'c3', 'c4'],
    ]);
    await stop(world, running);
  });
});

describe('a required output that is not available when the process starts', () => {
  test('holds up only what is meant for it; the processor is not ready before it is there', async () => {
    const world = twoDestinations();
    world.b.away = undefined;
    const away = new DStreamError('Unreachable', 'nobody answers');
    world.b.refusals.push(...count(99).map(() => away), new DStreamError('Unauthorized', 'no access yet'));
    await sendToB(world, 20);
    const running = world.start();
    await pass(world.clock, 20_000);
    expect(world.report()).toMatchObject({
      ready: false,
      waitingSessions: 20,
      outputs: [{ state: 'working' }, { state: 'connecting', breaker: { state: 'open' } }],
    });
    for (const n of count(5)) expect(await arriving(world, n, 10)).toBe(10);
    expect([world.b.publishes, world.lines().includes('processor ready')]).toEqual([0, false]);
    await pass(world.clock, 400_000);
    expect([world.b.got.length, world.report().ready]).toEqual([60, true]);
    expect(world.lines()).toContain('processor ready');
    await stop(world, running);
  });

  test('and is the only one: nothing is received', async () => {
    const world = setup();
    world.output.refusals.push(...count(99).map(() => new DStreamError('Unreachable', 'nobody answers')));
    await world.send(message([1]));
    const running = world.start();
    await pass(world.clock, 5_000);
    expect(world.report()).toMatchObject({ ready: false, sessions: [], outputs: [{ state: 'connecting' }] });
    await stop(world, running);
  });

  test.each([0, 2])(
    'ends the process with what a person must fix, after %i attempts that did not tell',
    async (attempts) => {
      const world = twoDestinations();
      const away = new DStreamError('Unreachable', 'nobody answers');
      world.output.refusals.push(...count(9).map(() => away));
      world.b.refusals.push(
        ...count(attempts).map(() => away),
        new DStreamError('Unauthorized', 'no access'),
      );
      const running = world.start();
      const outcome = expect(running).rejects.toMatchObject({ code: 'Unauthorized' });
      await pass(world.clock, 10_000);
      await outcome;
      expect(world.clock.sleeping).toBe(0);
    },
  );
});

test('an optional output is not given again what a session had when it was released', async () => {
  const world = setup({
    others: [
      { name: 'b', required: true },
      { name: 'extra', required: false },
    ],
  });
  const [b, extra] = world.others;
  if (b === undefined) throw new Error('there is no output b');
  b.away = new DStreamError('Unreachable', 'nobody answers');
  await world.send(message([1]), message([2]));
  const running = world.start();
  await pass(world.clock, 5_000);
  world.topic.loseLock('s/d/dbo.T');
  await pass(world.clock, 5_000);
  b.away = undefined;
  await pass(world.clock, 5_000);
  expect([extra?.got, b.got]).toEqual([
    ['c1', 'c2'],
    ['c1', 'c2'],
  ]);
  await stop(world, running);
});

describe('with a transform that is not available, a hundred sessions wait for it', () => {
  const hundred = count(100).map(sessionOfB);
  const isThere = { now: false };
  const service: ConfiguredTransform = {
    name: 'service',
    type: 'test',
    match: {},
    onError: 'dead_letter',
    transform: {
      apply: (events) =>
        !isThere.now && events.some(isForB)
          ? Promise.reject(new DStreamError('Unreachable', 'nobody answers'))
          : Promise.resolve(events.map((event) => [event])),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  };

  test('and the changes that it is not given flow, in four slots', async () => {
    const world = setup({ maxSessions: 4, transforms: [service] });
    await world.send(...hundred.map((session, n) => message([firstOfB + n], session)));
    const running = world.start();
    await pass(world.clock, 120_000);
    expect(world.report().waitingSessions).toBe(100);
    for (const n of count(20)) {
      await world.send(message([n], sessionOf(n)));
      await pass(world.clock, 5_000);
    }
    expect(world.output.got).toEqual(count(20).map((n) => `c${n}`));
    isThere.now = true;
    await pass(world.clock, 30_000);
    expect([world.output.got.length, world.report().waitingSessions]).toEqual([120, 0]);
    expect([world.topic.messages(), world.topic.deadLetters()]).toEqual([[], []]);
    await stop(world, running);
  });
});
