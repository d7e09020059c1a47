/** Messages that `dstream dead-letters replay` sends: docs/guarantees.md, rule 8. */
import {
  DStreamError,
  encodeEnvelope,
  replayMessage,
  type RoutedEvent,
  type StampedEvent,
} from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { lineOfVersion1, aChange } from '../../../test/support/a-change.ts';
import { message, setup, stop, type WorldOptions } from '../../../test/support/processor-rig.ts';

type World = ReturnType<typeof setup>;

const never = new AbortController().signal;
const twoOutputs: WorldOptions = { others: [{ name: 'other', required: true }] };
const refuses = (id: string) => (events: readonly RoutedEvent[]) =>
  events.some(({ event }) => event.metadata.id === id) ? new DStreamError('Rejected', 'no') : undefined;

/** What the output answers to a change that it never accepts: once for the batch, once for the change alone. */
function refuse({ output }: World, id: string, times = 6): void {
  output.answers.push(...Array.from({ length: times }, () => refuses(id)));
}

function accept({ output }: World): void {
  output.answers.length = 0;
}

/** Replays every dead letter, as an operator does. */
async function replayAll({ topic }: World, subscription = 's', reroute = false): Promise<void> {
  const queue = topic.deadLetterQueue();
  const numbers: string[] = [];
  for await (const dead of queue.browse({ signal: never })) numbers.push(dead.message.sequenceNumber);
  for await (const dead of queue.lock(numbers, { signal: never })) {
    await queue.send(replayMessage(dead, { subscription, reroute, hash: (text) => text }), { signal: never });
    await dead.complete();
  }
}

test('a replayed change goes to the output that refused it, and to no other, marked as replayed', async () => {
  const world = setup(twoOutputs);
  refuse(world, 'c2');
  await world.send(message([1, 2, 3]), message([4]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  expect([world.output.got, world.others[0]?.got]).toEqual([
    ['c1', 'c3', 'c4'],
    ['c1', 'c2', 'c3', 'c4'],
  ]);

  await replayAll(world);
  await world.clock.advance(100);
  expect([world.output.got.slice(3), world.others[0]?.got.slice(4)]).toEqual([['c2'], []]);
  expect(world.output.metadata.at(-1)).toMatchObject({ id: 'c2', position: 'p0002', replay: 1 });
  expect([world.topic.messages(), world.topic.deadLetters()]).toEqual([[], []]);
  expect(world.report().replayed).toEqual({ delivered: 1, deadLettered: 0, skipped: 0 });
  expect(world.lines()).toContain('delivered replayed message');
  await stop(world, running);
});

test('it does not move the progress of its session: what comes after it is no repeat', async () => {
  const world = setup();
  refuse(world, 'c9');
  await world.send(message([1]), message([9]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  await replayAll(world);
  await world.clock.advance(100);
  await world.send(message([5]));
  await world.clock.advance(100);
  expect(world.output.got).toEqual(['c1', 'c9', 'c5']);
  await stop(world, running);
});

test('it is delivered although its session has settled it, and once more when it is replayed again', async () => {
  const world = setup();
  await world.send(message([1, 2]));
  const running = world.start();
  await world.clock.advance(100);
  const dead = {
    message: {
      ...message([1]),
      sequenceNumber: '1',
      enqueuedAtMs: 0,
      body: Buffer.from(String(message([1]).body)),
    },
  };
  const sent = replayMessage(
    { ...dead, reason: 'TTLExpiredException', description: undefined },
    { subscription: 's', reroute: false, hash: (text) => text },
  );
  await world.send(sent, sent);
  await world.clock.advance(100);
  expect([world.output.got, world.topic.deadLetters()]).toEqual([['c1', 'c2', 'c1', 'c1'], []]);
  await stop(world, running);
});

test('one that fails again is dead-lettered again, and its count goes on', async () => {
  const world = setup();
  refuse(world, 'c2', 100);
  await world.send(message([1, 2]));
  const running = world.start();
  await world.clock.advance(1_000);
  await replayAll(world);
  await world.clock.advance(1_000);
  expect(world.topic.deadLetters()).toMatchObject([
    {
      reason: 'NotDelivered',
      message: { messageId: expect.stringMatching(/:r1$/), properties: { 'replay-count': 1 } },
      properties: { 'failed.out': '0' },
    },
  ]);
  expect(world.report().replayed).toEqual({ delivered: 0, deadLettered: 1, skipped: 0 });

  accept(world);
  await replayAll(world);
  await world.clock.advance(100);
  expect(world.output.metadata.at(-1)).toMatchObject({ id: 'c2', replay: 2 });
  await stop(world, running);
});

test('one for another subscription is completed unread', async () => {
  const world = setup();
  await world.send(message(['{"no": "change"}']));
  const running = world.start();
  await world.clock.advance(100);
  await replayAll(world, 'audit');
  await world.clock.advance(100);
  expect([world.output.got, world.topic.messages(), world.topic.deadLetters()]).toEqual([[], [], []]);
  expect(world.report().replayed).toEqual({ delivered: 0, deadLettered: 0, skipped: 1 });
  await stop(world, running);
});

test('one for an output that this processor does not have returns to the dead-letter queue; rerouted it is delivered', async () => {
  const world = setup();
  refuse(world, 'c2');
  await world.send(message([1, 2]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  const [dead] = world.topic.deadLetters();
  Object.assign(dead ?? {}, { properties: { 'failed.gone': '1' } });
  await replayAll(world);
  await world.clock.advance(100);
  expect(world.topic.deadLetters()).toMatchObject([
    {
      reason: 'NotDelivered',
      description: 'change 0: replayed to an output that this processor does not have',
      properties: { 'failed.gone': '0' },
    },
  ]);
  await replayAll(world, 's', true);
  await world.clock.advance(100);
  expect([world.output.got, world.topic.deadLetters()]).toEqual([['c1', 'c2'], []]);
  await stop(world, running);
});

test('a line of version 1 is marked too', async () => {
  const world = setup();
  refuse(world, 'c1');
  await world.send(message([lineOfVersion1(aChange(1), { generation: 1, epoch: 1 })]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  await replayAll(world);
  await world.clock.advance(100);
  expect(world.output.metadata).toMatchObject([{ version: 2, id: 'c1', replay: 1 }]);
  await stop(world, running);
});

test('it says nothing about messages that are missing: the next one is the first of its session', async () => {
  const world = setup();
  await world.send(message(['{"no": "change"}']));
  const running = world.start();
  await world.clock.advance(100);
  await stop(world, running);
  const second = setup();
  const again = second.start();
  for await (const dead of world.topic.deadLetterQueue().browse({ signal: never }))
    await second.send(replayMessage(dead, { subscription: 's', reroute: false, hash: (text) => text }));
  await second.clock.advance(100);
  await second.send({ ...message([6]), properties: { follows: '1/p0005' } });
  await second.clock.advance(100);
  expect(second.report()).toMatchObject({
    holes: { certain: 0, possible: 1 },
    replayed: { deadLettered: 1 },
  });
  await stop(second, again);
});

test('without sessions it is delivered too, and its changes are not remembered as delivered', async () => {
  const world = setup({ sessions: false });
  refuse(world, 'c2');
  await world.send(message([2]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  await replayAll(world);
  await world.clock.advance(100);
  await world.send(message([2], undefined, 2));
  await world.clock.advance(100);
  expect(world.output.got).toEqual(['c2', 'c2']);
  await stop(world, running);
});

test('a transform runs again, and what it makes goes only to the output that refused the change', async () => {
  const transform = {
    name: 'mask',
    type: 'columns',
    match: {},
    onError: 'dead_letter',
    transform: {
      apply: async (events: readonly StampedEvent[]) =>
        events.map((event) => [{ ...event, data: { masked: true } }]),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  } as const;
  const world = setup({ ...twoOutputs, transforms: [transform] });
  refuse(world, 'c1');
  await world.send(message([1]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  await replayAll(world);
  await world.clock.advance(100);
  expect([world.output.got, world.others[0]?.got]).toEqual([['c1'], ['c1']]);
  expect(world.output.metadata).toMatchObject([{ id: 'c1', replay: 1 }]);
  await stop(world, running);
});

describe('with numbers that JavaScript writes otherwise, or rounds', () => {
  const line = encodeEnvelope(aChange(1), { generation: 1, epoch: 1 }).replace(
    '"data":{',
    '"data":{"Big":12345678901234567890,"Price":1.10,',
  );
  const passes = {
    name: 'passes',
    type: 'test',
    match: {},
    onError: 'dead_letter',
    transform: {
      apply: async (events: readonly StampedEvent[]) => events.map((event) => [{ ...event }]),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    },
  } as const;
  const again = { ...message([line]), properties: { 'replay-for': 's', 'replay-count': 1 } };
  const rewritten = line.replace(/}}$/, ',"replay":1}}');

  test.each([
    ['it keeps their digits', [], { lines: [rewritten], dead: 0 }],
    ['a transform refuses it again', [passes], { lines: [], dead: 1 }],
  ])('%s', async (_, transforms, expected) => {
    const world = setup({ transforms });
    const lines: string[] = [];
    world.output.fails = (events) => {
      lines.push(...events.map((change) => Buffer.from(change.line).toString()));
      return undefined;
    };
    await world.send(again);
    const running = world.start();
    await world.clock.advance(1_000);
    expect({ lines, dead: world.topic.deadLetters().length }).toEqual(expected);
    await stop(world, running);
  });
});

test('routes do not count for a change that names its output', async () => {
  const world = setup({ ...twoOutputs, routing: { routes: [], defaultOutputs: ['out'] } });
  refuse(world, 'c1');
  await world.send(message([1]));
  const running = world.start();
  await world.clock.advance(1_000);
  accept(world);
  const [dead] = world.topic.deadLetters();
  Object.assign(dead ?? {}, { properties: { 'failed.other': '0' } });
  await replayAll(world);
  await world.clock.advance(100);
  expect([world.output.got, world.others[0]?.got]).toEqual([[], ['c1']]);
  await stop(world, running);
});
