import { silentLog, type IncomingMessage, type Position } from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { describe, expect, test } from 'vitest';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';
import { ClockGuard } from './decode-message.ts';

const day = 86_400_000;
const session = 's/d/dbo.T';

/** Sentences of warnings about the clock. */
const warnings = ({ lines }: ReturnType<typeof setup>) =>
  lines().filter((line) => line.includes('the clock'));

describe('a generation that lies ahead of the clock', () => {
  test('by two days holds its session for the tolerance, with a warning, and is then delivered; nothing is dead-lettered', async () => {
    const world = setup();
    const generation = world.clock.wallMs() + 2 * day;
    await world.send(message([1, 2], session, generation), message([7], 's/d/dbo.T/1'));
    const running = world.start();
    await world.clock.advance(590_000);
    expect(world.output.got).toEqual(['c7']);
    await world.clock.advance(20_000);
    expect(world.output.got).toEqual(['c7', 'c1', 'c2']);
    expect([world.topic.messages(), world.topic.deadLetters()]).toEqual([[], []]);
    expect(world.said).toContainEqual({
      sentence: 'message generation is ahead of the clock; holding the session: check the clocks',
      fields: {
        messageId: `${session}:${generation}:1-2`,
        session,
        table: 'dbo.T',
        generation,
        aheadSeconds: 172_800,
        atMostSeconds: 600,
      },
    });
    await stop(world, running);
  });

  test('is held once: neither what follows in its session nor what comes after the session was released waits again', async () => {
    const world = setup();
    const generation = world.clock.wallMs() + 2 * day;
    const running = world.start();
    await world.send(message([1], session, generation));
    await world.clock.advance(610_000);
    await world.send(message([2], session, generation));
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c2']);
    await world.clock.advance(120_000);
    expect(world.report().sessions).toEqual([]);
    await world.send(message([3], session, generation));
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c2', 'c3']);
    expect(warnings(world)).toHaveLength(2);
    await stop(world, running);
  });

  test('by a minute is delivered as soon as the clock has come that far, and by a few seconds at once', async () => {
    const world = setup();
    const now = world.clock.wallMs();
    await world.send(message([1], session, now + 4_000), message([2], 's/d/dbo.T/1', now + 60_000));
    const running = world.start();
    await world.clock.advance(50_000);
    expect(world.output.got).toEqual(['c1']);
    await world.clock.advance(10_000);
    expect(world.output.got).toEqual(['c1', 'c2']);
    await stop(world, running);
  });

  test('of more than a year is false: it is dead-lettered', async () => {
    const world = setup();
    await world.send(message([1], session, world.clock.wallMs() + 367 * day), message([2]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c2']);
    expect(world.topic.deadLetters()).toMatchObject([
      {
        description:
          'change 0: the envelope has a metadata.generation that is more than a year ahead of every clock',
      },
    ]);
    await stop(world, running);
  });

  test('does not hold a stop up: the message goes back unsettled', async () => {
    const world = setup();
    await world.send(message([1], session, world.clock.wallMs() + 2 * day));
    const running = world.start();
    await world.clock.advance(1_000);
    await stop(world, running);
    expect([world.output.got, world.topic.messages().length]).toEqual([[], 1]);
  });

  test('is delivered at once when the broker accepted the message at that time: then it is our clock that is wrong', async () => {
    const clock = new ManualClock();
    const guard = new ClockGuard({ clock, log: silentLog, toleranceMs: 600_000 });
    const generation = clock.wallMs() + 2 * day;
    const incoming = { messageId: 'm', enqueuedAtMs: generation } as unknown as IncomingMessage;
    const newest = { generation, position: 'p' as Position };
    const never = new AbortController().signal;
    await guard.pass([{ message: incoming, newest }], undefined, never);
    expect(clock.sleeping).toBe(0);
  });
});
