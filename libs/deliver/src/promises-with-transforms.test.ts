/** What a processor promises holds with transforms, too: nothing lost, in order, known repeats, a clean stop (docs/guarantees.md). */
import { DStreamError, type RoutedEvent, type StampedEvent, type Transform } from '@dstream/core';
import { aborted, withAny } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';
import type { ConfiguredTransform } from './transform-monitor.ts';

const session = 's/d/dbo.T';
const other = 's/d/dbo.T/1';

function configured(apply: Transform['apply'], name = 'mine'): ConfiguredTransform {
  const transform = { apply, [Symbol.asyncDispose]: () => Promise.resolve() };
  return { name, type: 'test', match: {}, onError: 'dead_letter', transform };
}

/** Resolves for changes that are not `slow`; for those only an abort ends it. */
const hangingFor = (slow: string) =>
  configured(async (events, { signal }) => {
    if (events.some(({ metadata }) => metadata.id === slow)) await withAny([signal], (any) => aborted(any));
    signal.throwIfAborted();
    return events.map((event) => [event]);
  });

const twice = configured((events) => Promise.resolve(events.map((event) => [event, { ...event }])));

describe('a transform that does not answer', () => {
  test('holds up its session only, and nothing of it is settled or lost when the process gives up', async () => {
    const world = setup({ transforms: [hangingFor('c2')] });
    const running = world.start();
    await world.send(message([1]), message([5], other));
    await world.clock.advance(10);
    await world.send(message([2, 3]), message([4]), message([6], other));
    await world.clock.advance(60_000);
    expect(world.output.got).toEqual(['c1', 'c5', 'c6']);
    world.draining.abort(new Error('stopping'));
    await world.clock.advance(1_000);
    world.aborted.abort(new Error('out of time'));
    await world.clock.advance(0);
    await running.catch(() => undefined);
    expect(world.topic.messages().map(({ messageId }) => messageId)).toEqual([
      `${session}:1:2-3`,
      `${session}:1:4`,
    ]);
    expect([world.topic.deadLetters(), world.clock.sleeping]).toEqual([[], 0]);
  });

  test('is aborted when the lock of its session is lost, and is asked again by the next hold', async () => {
    let calls = 0;
    const hangsOnce = configured(async (events, { signal }) => {
      calls += 1;
      if (calls === 1) await withAny([signal], (any) => aborted(any));
      signal.throwIfAborted();
      return events.map((event) => [event]);
    });
    const world = setup({ transforms: [hangsOnce] });
    const running = world.start();
    await world.send(message([1, 2]));
    await world.clock.advance(10);
    expect(world.topic.loseLock(session)).toBe(true);
    await world.clock.advance(1_000);
    expect([world.output.got, calls]).toEqual([['c1', 'c2'], 2]);
    await stop(world, running);
  });
});

describe('a transform that fails for a while', () => {
  test('keeps the order of its session, dead-letters nothing, and the other sessions go on', async () => {
    let isAway = true;
    const away = configured((events) =>
      isAway && events.some(({ metadata }) => metadata.id === 'c1')
        ? Promise.reject(new DStreamError('Unreachable', 'away'))
        : Promise.resolve(events.map((event) => [event])),
    );
    const world = setup({ transforms: [away] });
    const running = world.start();
    await world.send(message([1]), message([2, 3]), message([7], other));
    await world.clock.advance(3_600_000);
    expect(world.output.got).toEqual(['c7']);
    isAway = false;
    await world.clock.advance(120_000);
    expect(world.output.got).toEqual(['c7', 'c1', 'c2', 'c3']);
    expect([world.topic.messages(), world.topic.deadLetters()]).toEqual([[], []]);
    await stop(world, running);
  });

  test('does not hold up a stop: what waits for it goes back unsettled', async () => {
    const away = configured(() => Promise.reject(new DStreamError('Unreachable', 'away')));
    const world = setup({ transforms: [away] });
    const running = world.start();
    await world.send(message([1, 2]));
    await world.clock.advance(5_000);
    await stop(world, running);
    expect([world.output.got, world.topic.messages().length]).toEqual([[], 1]);
  });
});

describe('several changes that are made of one', () => {
  test('have the same ids when their input is published again', async () => {
    const world = setup({ transforms: [twice] });
    const tried: string[] = [];
    world.output.answers.push((events) => {
      tried.push(...idsOf(events));
      return new DStreamError('Unreachable', 'no');
    });
    const running = world.start();
    await world.send(message([1, 2]));
    await world.clock.advance(60_000);
    expect(world.output.got).toEqual(['c1.1', 'c1.2', 'c2.1', 'c2.2']);
    expect(tried).toEqual(world.output.got);
    await stop(world, running);
  });

  test('are repeats, all of them, when their input arrives again after it was settled', async () => {
    const world = setup({ transforms: [twice] });
    const running = world.start();
    await world.send(message([1]));
    await world.clock.advance(100);
    await world.send({ ...message([1, 2]), messageId: 'again' });
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1.1', 'c1.2', 'c2.1', 'c2.2']);
    await stop(world, running);
  });

  test('settle their input only when every one of them was accepted', async () => {
    const world = setup({ transforms: [twice] });
    const refusesLast = (events: readonly RoutedEvent[]) =>
      idsOf(events).includes('c1.2') ? new DStreamError('Unreachable', 'no') : undefined;
    world.output.answers.push(...Array.from({ length: 40 }, () => refusesLast));
    const running = world.start();
    await world.send(message([1]));
    await world.clock.advance(5_000);
    expect(world.topic.messages()).toHaveLength(1);
    world.output.answers.length = 0;
    await world.clock.advance(60_000);
    expect(world.output.got.slice(-1)).toEqual(['c1.2']);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });
});

test('what a transform or a route drops moves the progress of its session: it is not judged again', async () => {
  let judged = 0;
  const dropping = configured((events) => {
    judged += events.length;
    return Promise.resolve(events.map((): readonly StampedEvent[] => []));
  });
  const world = setup({ transforms: [dropping] });
  const running = world.start();
  await world.send(message([1, 2]));
  await world.clock.advance(60_000);
  expect(world.report().sessions).toEqual([]);
  await world.send({ ...message([1, 2]), messageId: 'again' });
  await world.clock.advance(100);
  expect([judged, world.topic.messages(), world.topic.deadLetters()]).toEqual([2, [], []]);
  await stop(world, running);
});

test('a message of which each step refuses something is dead-lettered once, with all of it; the rest is delivered', async () => {
  const failing = configured((events) =>
    Promise.resolve(
      events.map((event) =>
        event.metadata.id === 'c2' ? new DStreamError('TransformFailed', 'no') : [event],
      ),
    ),
  );
  const world = setup({ transforms: [failing] });
  const refusesLast = (events: readonly RoutedEvent[]) =>
    idsOf(events).includes('c4') ? new DStreamError('Rejected', 'not this one') : undefined;
  world.output.answers.push(...Array.from({ length: 10 }, () => refusesLast));
  const running = world.start();
  await world.send(message([1, 2, 'no JSON', 4, 5]), message([6]));
  await world.clock.advance(10_000);
  expect(world.output.got).toEqual(['c1', 'c5', 'c6']);
  expect(world.topic.messages()).toEqual([]);
  expect(world.topic.deadLetters()).toMatchObject([
    { reason: 'NotDelivered', properties: { 'failed.*': '1-2', 'failed.out': '3' } },
  ]);
  await stop(world, running);
});

function idsOf(events: readonly RoutedEvent[]): readonly string[] {
  return events.map(({ event }) => event.metadata.id);
}
