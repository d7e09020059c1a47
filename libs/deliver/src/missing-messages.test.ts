import {
  DStreamError,
  encodeEnvelope,
  followsText,
  type OutgoingMessage,
  type RoutedEvent,
} from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { message, setup, stop } from '../../../test/support/processor-rig.ts';

const session = 's/d/dbo.T';
const positionOf = (n: number) => aChange(n).metadata.position;
const at = (n: number, generation = 1) => ({ generation, position: positionOf(n) });

/** A message with these changes, as an ingester sends it that knows change `follows` to be accepted before. */
function following(
  follows: number | undefined,
  lines: readonly (number | string)[],
  last?: number,
): OutgoingMessage {
  const plain = message(lines);
  const lastPosition = positionOf(last ?? Number(lines.at(-1)));
  const before = follows === undefined ? {} : { follows: followsText(at(follows)) };
  return { ...plain, properties: { generation: 1, lastPosition, ...before } };
}

const missing = 'messages are missing: the topic accepted them and they never arrived';
const possible = 'messages may be missing: the session state is older than what a message follows';
const said = ({ said: all }: ReturnType<typeof setup>, sentence: string) =>
  all.filter((line) => line.sentence === sentence).map(({ fields }) => fields);

async function counted({ metrics }: ReturnType<typeof setup>): Promise<readonly number[]> {
  const text = await metrics.text();
  return ['certain', 'possible'].map((certainty) =>
    Number(new RegExp(`dstream_holes_total\\{certainty="${certainty}"\\} (\\d+)`).exec(text)?.[1]),
  );
}

describe('messages that never arrived', () => {
  test('are reported before the message that follows them: logged as an error, counted and in the report', async () => {
    const world = setup();
    await world.send(following(undefined, [1, 2]), following(4, [5]), following(5, [6]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c2', 'c5', 'c6']);
    const facts = { session, table: 'dbo.T', after: at(2), upTo: at(4) };
    expect(said(world, missing)).toEqual([{ messageId: `${session}:1:5`, ...facts }]);
    expect(await counted(world)).toEqual([1, 0]);
    expect(world.report().holes).toEqual({
      certain: 1,
      possible: 0,
      last: { ...facts, certain: true, at: new Date(world.clock.wallMs() - 100).toISOString() },
    });
    await stop(world, running);
  });

  test('are only possible right after the state of the session was loaded', async () => {
    const world = setup();
    const running = world.start();
    await world.send(following(undefined, [1]));
    await world.clock.advance(60_000);
    expect(world.report().sessions).toEqual([]);
    await world.send(following(3, [4]));
    await world.clock.advance(100);
    expect([said(world, missing), said(world, possible)]).toMatchObject([
      [],
      [{ after: at(1), upTo: at(3) }],
    ]);
    expect(await counted(world)).toEqual([0, 1]);
    await stop(world, running);
  });

  test('stand as an event in their place with on_hole = "gap", once and with an id of its own', async () => {
    const world = setup({ onHole: 'gap' });
    const events: RoutedEvent[] = [];
    world.output.answers.push(
      ...Array.from({ length: 9 }, () => (given: readonly RoutedEvent[]) => void events.push(...given)),
    );
    await world.send(following(undefined, [1, 2]), following(4, [5]));
    const running = world.start();
    await world.clock.advance(100);
    const id = `hole:${session}:1:p0004`;
    expect(world.output.got).toEqual(['c1', 'c2', id, 'c5']);
    const { line, event } = events[2] ?? {};
    const end = { lsn: '0x01', at: '2026-11-20T00:00:00.000Z' };
    const own = {
      id,
      operation: 'gap',
      key: null,
      sequence: 0,
      position: positionOf(4),
      generation: 1,
      epoch: 1,
    };
    const gap = { reason: 'MessagesLost', from: end, to: end };
    expect(event).toEqual({ data: null, metadata: { ...aChange(5).metadata, ...own, gap } });
    expect(JSON.parse(Buffer.from(line ?? []).toString())).toEqual(event);
    expect(world.topic.messages()).toEqual([]);
    await stop(world, running);
  });

  test('of a source without LSNs are between positions', async () => {
    const world = setup({ onHole: 'gap' });
    const events: RoutedEvent[] = [];
    world.output.answers.push((given) => void events.push(...given));
    const lineOf = (n: number) => encodeEnvelope(aChange(n, { origin: {} }), { generation: 1, epoch: 1 });
    await world.send(following(undefined, [lineOf(1)], 1), following(4, [lineOf(5)], 5));
    const running = world.start();
    await world.clock.advance(100);
    const { from, to } = events[1]?.event.metadata.gap ?? {};
    expect([from?.lsn, to?.lsn]).toEqual([positionOf(1), positionOf(5)]);
    await stop(world, running);
  });
});

describe('does not count as missing:', () => {
  test.each([
    [
      'a message that could not be read and is dead-lettered',
      [following(undefined, [1]), following(1, ['x'], 2), following(2, [3])],
    ],
    [
      'what arrives again',
      [following(undefined, [1]), following(1, [2]), following(1, [2, 3]), following(3, [4])],
    ],
    ['a message that does not say what it follows', [following(undefined, [1]), following(undefined, [9])]],
    [
      'a message of an older owner that comes late',
      [following(undefined, [1, 2, 3]), following(2, [3]), following(3, [4])],
    ],
  ])('%s', async (_what, messages) => {
    const world = setup();
    await world.send(...messages);
    const running = world.start();
    await world.clock.advance(100);
    expect([...said(world, missing), ...said(world, possible)]).toEqual([]);
    expect(world.report().holes).toEqual({ certain: 0, possible: 0, last: null });
    await stop(world, running);
  });

  test.each([{ onHole: 'ignore' }, { sessions: false }] as const)('anything with %j', async (options) => {
    const world = setup(options);
    await world.send(following(undefined, [1]), following(4, [5]));
    const running = world.start();
    await world.clock.advance(100);
    expect(world.output.got).toEqual(['c1', 'c5']);
    expect(await counted(world)).toEqual([0, 0]);
    await stop(world, running);
  });

  test('a change that an output refused: its message arrived', async () => {
    const world = setup();
    await world.send(following(undefined, [1]), following(1, [2]), following(2, [3]));
    world.output.answers.push(
      ...Array.from(
        { length: 9 },
        () => (events: readonly RoutedEvent[]) =>
          events.some(({ event }) => event.metadata.id === 'c2')
            ? new DStreamError('Rejected', 'never')
            : undefined,
      ),
    );
    const running = world.start();
    await world.clock.advance(60_000);
    expect(world.output.got).toEqual(['c1', 'c3']);
    expect(await counted(world)).toEqual([0, 0]);
    await stop(world, running);
  });
});
