import {
  asDStreamError,
  DStreamError,
  silentLog,
  type ErrorCode,
  type Position,
  type RoutedEvent,
} from '@dstream/core';
import { beforeEach, describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { notAccepted, type Destination, type Entry } from './destination.ts';
import { DestinationsPublisher } from './destinations-publisher.ts';

const o = { signal: new AbortController().signal };

/** Change `id` of table `table`, which names its destination. */
function change(table: string, id: string, orderingKey = ''): RoutedEvent {
  const event = aChange(1, { id, table, position: id as Position });
  return { event, line: Buffer.from('{}'), orderingKey };
}

describe('many destinations', () => {
  let accepted: string[];
  /** By destination: what it refuses with, and from which change on. */
  let refusing: Map<string, { code: ErrorCode; from: string }>;
  let connecting: ErrorCode | undefined;
  let tried: string[];

  beforeEach(() => {
    accepted = [];
    refusing = new Map();
    connecting = undefined;
    tried = [];
    said.length = 0;
  });

  const opened = (name: string): Destination => ({
    connect: async () => {
      tried.push(name);
      if (connecting !== undefined) throw new DStreamError(connecting, 'no');
    },
    send: async (entries) => {
      const refused = refusing.get(name);
      const id = ({ routed }: Entry) => routed.event.metadata.id;
      const at = refused === undefined ? -1 : entries.findIndex((entry) => id(entry) === refused.from);
      const good = at < 0 ? entries : entries.slice(0, at);
      accepted.push(...good.map(id));
      if (refused === undefined || at < 0) return [];
      return notAccepted(entries.slice(at), new DStreamError(refused.code, `${name} refuses`));
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  });
  const open = (name: string) => {
    if (name === 'closed') throw new DStreamError('ConfigInvalid', 'it cannot be read');
    return opened(name);
  };
  const nameOf = ({ event }: RoutedEvent) => {
    if (event.metadata.table === '?') throw new DStreamError('Rejected', 'it has no name');
    return event.metadata.table;
  };
  const said: unknown[] = [];
  const publisherOf = (fixedName?: string, rightsMayDiffer = false) =>
    new DestinationsPublisher({
      nameOf,
      fixedName,
      open,
      maxOpen: 8,
      log: { ...silentLog, info: (text, fields) => void said.push([text, fields]) },
      rightsMayDiffer,
    });
  const failing = (publisher: DestinationsPublisher, events: readonly RoutedEvent[]) =>
    publisher.publish(events, o).then(() => expect.unreachable('it was published'), asDStreamError);

  test.each([
    ['X', 'Y', 'Throttled'],
    ['Y', 'X', 'MessageTooLarge'],
  ])('of two that refuse, the first change counts: %s before %s', async (first, second, code) => {
    refusing.set('X', { code: 'Throttled', from: first === 'X' ? '1' : '2' });
    refusing.set('Y', { code: 'MessageTooLarge', from: first === 'Y' ? '1' : '2' });
    // X is the first destination that is sent to, in both cases.
    const events = [change('X', '0'), change(first, '1'), change(second, '2'), change('Z', '3')];
    const error = await failing(publisherOf(), events);
    expect(error).toMatchObject({ failures: [{ key: '', from: 1, error: { code } }] });
  });

  test('a change that has no destination is refused by itself, and what comes after it is sent', async () => {
    const publisher = publisherOf();
    const events = [change('X', '0'), change('?', '1'), change('X', '2')];
    const error = await failing(publisher, events);
    expect(error).toMatchObject({ failures: [{ key: '', from: 1, error: { code: 'Rejected' } }] });
    expect(accepted).toEqual(['0', '2']);
    await publisher.publish(events.slice(2), o);
    expect(accepted).toEqual(['0', '2']);
  });

  test('several destinations are told apart, one is not', () => {
    const { destinationOf } = publisherOf();
    expect(['X', 'Y', '?'].map((table) => destinationOf?.(change(table, '1')))).toEqual(['X', 'Y', '']);
    expect(publisherOf('only').destinationOf).toBeUndefined();
  });

  test('a destination that cannot even be opened refuses its own changes', async () => {
    const error = await failing(publisherOf(), [change('closed', '0', 'a'), change('X', '1', 'b')]);
    expect(error).toMatchObject({ code: 'DestinationUnusable', failures: [{ key: 'a', from: 0 }] });
    expect(accepted).toEqual(['1']);
  });

  test('a destination is logged once, when it has first accepted something', async () => {
    const publisher = publisherOf();
    refusing.set('Y', { code: 'Throttled', from: '1' });
    await failing(publisher, [change('X', '0'), change('Y', '1')]);
    refusing.clear();
    await publisher.publish([change('X', '2'), change('Y', '1')], o);
    expect(said).toEqual(['X', 'Y'].map((destination) => ['reached destination', { destination }]));
  });

  test('what was accepted after a failure is not sent again, what was not is', async () => {
    const publisher = publisherOf();
    const events = [change('X', '0'), change('Y', '1'), change('X', '2'), change('Y', '3')];
    refusing.set('Y', { code: 'Throttled', from: '1' });
    await failing(publisher, events);
    expect(accepted).toEqual(['0', '2']);
    refusing.clear();
    await publisher.publish(events.slice(1), o);
    expect(accepted).toEqual(['0', '2', '1', '3']);
  });

  test('other keys are not named, nor what a person must fix as an end', async () => {
    refusing.set('Y', { code: 'Unauthorized', from: '1' });
    const error = await failing(publisherOf(), [
      change('X', '0', 'a'),
      change('Y', '1', 'b'),
      change('X', '2', 'a'),
    ]);
    expect(error).toMatchObject({
      code: 'DestinationUnusable',
      disposition: 'retry',
      failures: [{ key: 'b', from: 1, error: { message: 'Y refuses', cause: { code: 'Unauthorized' } } }],
    });
    expect((error as { failures?: unknown[] }).failures).toHaveLength(1);
  });

  test('connecting reaches for the one destination', async () => {
    connecting = 'EntityNotFound';
    await expect(publisherOf('only').connect(o)).rejects.toMatchObject({ code: 'EntityNotFound' });
    expect(tried).toEqual(['only']);
  });

  test.each([
    ['EntityNotFound', false, 'connected'],
    ['Unauthorized', false, 'Unauthorized'],
    ['Unauthorized', true, 'connected'],
    ['Unreachable', true, 'Unreachable'],
  ] as const)('without one, %s (rights may differ: %s) means %s', async (code, rightsMayDiffer, outcome) => {
    connecting = code;
    const connected = await publisherOf(undefined, rightsMayDiffer)
      .connect(o)
      .then(
        () => 'connected',
        (error: unknown) => asDStreamError(error).code,
      );
    expect(connected).toBe(outcome);
  });
});
