/** Transforms and routes between a message and its outputs, as the whole processor applies them. */
import {
  DStreamError,
  type RoutedEvent,
  type StampedEvent,
  type Transform,
  type Transformed,
} from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { message, setup, stop, type WorldOptions } from '../../../test/support/processor-rig.ts';
import type { ConfiguredTransform } from './transform-monitor.ts';

function transform(
  one: (event: StampedEvent) => Transformed,
  options: Partial<ConfiguredTransform> = {},
): ConfiguredTransform {
  const each: Transform = {
    apply: (events) => Promise.resolve(events.map(one)),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  return { name: 'mine', type: 'test', match: {}, onError: 'dead_letter', transform: each, ...options };
}

const failing = (id: string) =>
  transform((event) => (event.metadata.id === id ? new DStreamError('TransformFailed', 'no') : [event]));

/** Runs what was sent to its end. */
async function delivered(options: WorldOptions, ...messages: readonly ReturnType<typeof message>[]) {
  const world = setup(options);
  await world.send(...messages);
  const running = world.start();
  await world.clock.advance(1_000);
  await stop(world, running);
  return world;
}

describe('a processor with transforms and routes', () => {
  test('a change on which a transform fails is dead-lettered; the others are delivered, and the session goes on', async () => {
    const world = await delivered({ transforms: [failing('c2')] }, message([1, 2, 3]), message([4]));
    expect(world.output.got).toEqual(['c1', 'c3', 'c4']);
    expect(world.topic.deadLetters()).toMatchObject([
      {
        reason: 'TransformFailed',
        description: 'change 1: transform mine: no',
        properties: { 'failed.*': '1' },
      },
    ]);
    expect(await world.metrics.text()).toContain('dstream_changes_unreadable_total 0');
    expect(world.topic.messages()).toEqual([]);
  });

  test('a message whose changes were all dropped on purpose is completed', async () => {
    const world = await delivered({ transforms: [transform(() => [])] }, message([1, 2]));
    expect([world.output.got, world.topic.messages(), world.topic.deadLetters()]).toEqual([[], [], []]);
    expect(world.report().transforms).toMatchObject([{ name: 'mine', type: 'test', dropped: 2, failed: 0 }]);
  });

  test('what was dropped on purpose is not delivered when it arrives again', async () => {
    let calls = 0;
    const once = transform((event) => (++calls === 1 ? [] : [event]));
    const world = await delivered({ transforms: [once] }, message([1]), message([1, 2]));
    expect(world.output.got).toEqual(['c2']);
  });

  test('of several that were made of one, a refused one dead-letters their message with its place', async () => {
    const world = setup({ transforms: [transform((event) => [event, { ...event }])] });
    const refuse = (events: readonly RoutedEvent[]) =>
      events.some(({ event }) => event.metadata.id === 'c2.1')
        ? new DStreamError('Rejected', 'no')
        : undefined;
    world.output.answers.push(...Array.from({ length: 20 }, () => refuse));
    await world.send(message([1, 2, 3]));
    const running = world.start();
    await world.clock.advance(5_000);
    expect(world.output.got).toEqual(['c1.1', 'c1.2', 'c2.2', 'c3.1', 'c3.2']);
    expect(world.topic.deadLetters()).toMatchObject([
      { reason: 'NotDelivered', properties: { 'failed.out': '1' } },
    ]);
    await stop(world, running);
  });

  test('a change goes to the outputs of its routes only', async () => {
    const others = [{ name: 'second', required: true }];
    const small = {
      name: 'small',
      match: {},
      when: ({ metadata }: StampedEvent) => metadata.id === 'c1',
      outputs: ['second'],
    };
    const nowhere = { ...small, name: 'nowhere', when: ({ metadata }: StampedEvent) => metadata.id === 'c2' };
    const world = await delivered(
      { others, routing: { routes: [small, { ...nowhere, outputs: [] }], defaultOutputs: ['out'] } },
      message([1, 2, 3]),
    );
    expect([world.output.got, world.others[0]?.got]).toEqual([['c3'], ['c1']]);
    expect(world.topic.messages()).toEqual([]);
    expect(await world.metrics.text()).toContain('dstream_changes_unrouted_total 1');
  });

  test('a condition that fails on a change dead-letters it', async () => {
    const broken = () => {
      throw new DStreamError('TransformFailed', 'no such column');
    };
    const routing = { routes: [{ name: 'r', match: {}, when: broken, outputs: ['out'] }] };
    const world = await delivered({ routing }, message([1]));
    expect(world.topic.deadLetters()).toMatchObject([
      { reason: 'TransformFailed', description: 'change 0: no such column' },
    ]);
  });

  test('an optional output gets what its routes choose, with the destination of the transform', async () => {
    const choosing = transform((event) => [event]);
    const apply: Transform['apply'] = (events, call) => {
      for (const event of events) call.route(event, { output: 'other', destination: 'q' });
      return Promise.resolve(events.map((event) => [event]));
    };
    const chooser = { ...choosing, transform: { ...choosing.transform, apply } };
    const world = setup({ transforms: [chooser], others: [{}] });
    const [other] = world.others;
    Object.assign(other ?? {}, { hasDestinations: true });
    const destinations: (string | undefined)[] = [];
    other?.answers.push((events) => void destinations.push(...events.map((one) => one.destination)));
    await world.send(message([1]));
    const running = world.start();
    await world.clock.advance(1_000);
    expect([world.output.got, other?.got, destinations]).toEqual([[], ['c1'], ['q']]);
    await stop(world, running);
  });
});
