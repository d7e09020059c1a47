import { DStreamError } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { beforeEach, describe, expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';
import { CircuitBreaker } from './circuit-breaker.ts';

const never = new AbortController().signal;
const sessions = (count: number) => Array.from({ length: count }, (_, n) => `s/d/dbo.T/${n}`);

describe('a circuit breaker', () => {
  let clock: ManualClock;
  let states: string[];
  let breaker: CircuitBreaker;

  beforeEach(() => {
    clock = new ManualClock();
    states = [];
    const changed = (state: string) => void states.push(state);
    breaker = new CircuitBreaker({ clock, random: () => 0, firstMs: 1_000, maxMs: 4_000, changed });
  });

  function fail(times: number): void {
    for (let n = 0; n < times; n += 1) breaker.failed();
  }

  /** Waits for its turn, and then answers as it is told. Records when its turn came. */
  function probe(turns: string[], name: string, answer: () => void): Promise<void> {
    return breaker.acquireTurn(never).then((turn) => {
      turns.push(`${name} at ${clock.monotonicMs()}`);
      answer();
      turn[Symbol.dispose]();
    });
  }

  test('opens after five failures in a row, and a success between them starts the count again', () => {
    fail(4);
    breaker.succeeded();
    fail(4);
    expect(breaker.state).toBe('closed');
    breaker.failed();
    expect(breaker.state).toBe('open');
  });

  test('lets one caller at a time try, after growing waits, each time another one; a success lets everybody go on', async () => {
    fail(5);
    const turns: string[] = [];
    const failing = () => breaker.failed();
    const probes = [
      probe(turns, 'a', failing),
      probe(turns, 'b', failing),
      probe(turns, 'c', () => breaker.succeeded()),
      probe(turns, 'd', () => undefined),
      probe(turns, 'e', () => undefined),
    ];
    await clock.advance(10_000);
    await Promise.all(probes);
    expect(turns).toEqual(['a at 500', 'b at 1500', 'c at 3500', 'd at 3500', 'e at 3500']);
    expect(states).toEqual(['open', 'half_open', 'open', 'half_open', 'open', 'half_open', 'closed']);
    expect(clock.sleeping).toBe(0);
  });

  test('whose probe showed nothing stays open, and the next one follows at once', async () => {
    fail(5);
    const turns: string[] = [];
    const probes = [probe(turns, 'a', () => undefined), probe(turns, 'b', () => breaker.succeeded())];
    await clock.advance(500);
    await Promise.all(probes);
    expect(turns).toEqual(['a at 500', 'b at 500']);
  });

  test('keeps nobody who stops waiting, and gives the turn to the next', async () => {
    fail(5);
    const leaving = new AbortController();
    const first = breaker.acquireTurn(leaving.signal);
    const turns: string[] = [];
    const second = probe(turns, 'b', () => breaker.succeeded());
    await clock.advance(100);
    leaving.abort(new Error('stopping'));
    (await first)[Symbol.dispose]();
    await clock.advance(400);
    await second;
    expect([turns, clock.sleeping]).toEqual([['b at 500'], 0]);
  });

  test('opens after more than twenty refusals in a row, and then allows one change at growing intervals', async () => {
    for (let n = 0; n < 20; n += 1) breaker.refused(1);
    expect(breaker.state).toBe('closed');
    breaker.refused(1);
    expect([breaker.state, breaker.hasTooManyRefusals]).toEqual(['open', true]);
    const turns: string[] = [];
    const refusing = () => breaker.refused(1);
    const probes = [probe(turns, 'a', refusing), probe(turns, 'b', () => breaker.succeeded())];
    await clock.advance(60_000);
    await Promise.all(probes);
    expect(turns).toEqual(['a at 2500', 'b at 7500']);
    expect([breaker.state, breaker.hasTooManyRefusals]).toEqual(['closed', false]);
  });

  test('waits no longer for refusals of attempts that were under way when it opened', async () => {
    breaker.refused(21);
    for (let session = 0; session < 31; session += 1) breaker.refused(1);
    const turns: string[] = [];
    const next = probe(turns, 'a', () => breaker.succeeded());
    await clock.advance(300_000);
    await next;
    expect(turns).toEqual(['a at 2500']);
  });
});

describe('an output that is not available', () => {
  test('gets one attempt at a time, however many sessions wait, and everything when it is back', async () => {
    const world = setup();
    world.output.away = new DStreamError('Unreachable', 'nobody answers');
    await world.send(...sessions(30).map((session, n) => message([n], session)));
    const running = world.start();
    await world.clock.advance(60_000);
    const before = world.output.publishes;
    await world.clock.advance(3_600_000);
    // A wait of three seconds at most, with jitter; each session alone would make as many.
    expect(world.output.publishes - before).toBeLessThan(3_600 / 1.5);
    expect(world.output.publishes - before).toBeGreaterThan(3_600 / 3.1);
    expect(world.report().outputs).toMatchObject([
      { state: 'failing', breaker: { state: 'open', since: '2026-11-20T00:00:00.000Z' } },
    ]);
    expect(await world.metrics.text()).toContain('dstream_output_breaker_state{output="out"} 2\n');
    world.output.away = undefined;
    await world.clock.advance(5_000);
    expect(world.output.got).toHaveLength(30);
    expect(world.topic.messages()).toEqual([]);
    expect(world.topic.deadLetters()).toEqual([]);
    expect(world.report().outputs).toMatchObject([
      { state: 'working', failing: null, breaker: { state: 'closed', since: null } },
    ]);
    expect(await world.metrics.text()).toContain('dstream_output_breaker_state{output="out"} 0\n');
    await stop(world, running);
  });

  test('does not keep others out when a session fails whose turn it is', async () => {
    const world = setup();
    world.output.fails = (events) =>
      events.some(({ event }) => event.metadata.id === 'c0')
        ? new DStreamError('Throttled', 'c0')
        : world.output.away;
    world.output.away = new DStreamError('Unreachable', 'nobody answers');
    await world.send(...sessions(3).map((session, n) => message([n], session)));
    const running = world.start();
    await world.clock.advance(60_000);
    world.output.away = undefined;
    await world.clock.advance(10_000);
    expect(world.output.got.sort()).toEqual(['c1', 'c2']);
    world.output.fails = undefined;
    await world.clock.advance(10_000);
    await stop(world, running);
  });

  test('that refuses whatever it is given dead-letters a score of changes, then one every few minutes, and says so', async () => {
    const world = setup();
    world.output.away = new DStreamError('Rejected', 'wrong content type');
    await world.send(...Array.from({ length: 200 }, (_, n) => message([n])));
    const running = world.start();
    for (let minute = 0; minute < 60; minute += 1) await world.clock.advance(60_000);
    expect(world.topic.deadLetters().length).toBeGreaterThanOrEqual(20);
    expect(world.topic.deadLetters().length).toBeLessThan(50);
    expect(world.report().outputs).toMatchObject([
      {
        state: 'failing',
        failing: {
          code: 'Rejected',
          reason: 'output out refuses one change after the other; check its configuration',
        },
        breaker: { state: 'open' },
      },
    ]);
    world.output.away = undefined;
    for (let minute = 0; minute < 10; minute += 1) await world.clock.advance(60_000);
    expect(world.topic.messages()).toEqual([]);
    expect(world.report().outputs).toMatchObject([{ state: 'working', breaker: { state: 'closed' } }]);
    await stop(world, running);
  });

  test('holds up no stop, and gives its sessions back unsettled', async () => {
    const world = setup();
    world.output.away = new DStreamError('Unreachable', 'nobody answers');
    await world.send(...sessions(10).map((session, n) => message([n], session)));
    const running = world.start();
    await world.clock.advance(60_000);
    await stop(world, running);
    expect(world.topic.messages()).toHaveLength(10);
  });
});
