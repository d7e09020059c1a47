/** What holds for each row when a table is ordered by key, whatever the broker refuses on the way. */
import {
  BatchError,
  bodyText,
  DStreamError,
  encodeChange,
  isNewer,
  pack,
  sessionRouter,
  silentLog,
  type BatchFailure,
  type ChangeEvent,
  type OutgoingMessage,
  type Progress,
  type StampedEvent,
  type Topic,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import fc from 'fast-check';
import { FailureLog } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../test/support/a-change.ts';
import { never, partitionOfTable, sent, setup, tableOf } from '../../../test/support/ingester-rig.ts';
import { ChangeSender } from './change-sender.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const table = tableOf('T');
const partition = partitionOfTable('T');
const hash = (text: string) => text;

/** Takes of each session as much as it is told, and no message of more than `maxChanges` changes. */
class PickyTopic implements Topic {
  readonly accepted: OutgoingMessage[] = [];
  readonly #takes: number[];
  readonly #maxChanges: number;

  constructor(takes: readonly number[], maxChanges: number) {
    this.#takes = [...takes];
    this.#maxChanges = maxChanges;
  }

  connect(): Promise<void> {
    return Promise.resolve();
  }

  send(messages: readonly OutgoingMessage[]): Promise<void> {
    const bySession = Map.groupBy(messages.keys(), (index) => messages[index]?.sessionId ?? '');
    const failures = Array.from(bySession, ([key, indexes]) => this.#take(key, indexes, messages));
    const [first, ...rest] = failures.flatMap((failure) => failure ?? []);
    return first === undefined ? Promise.resolve() : Promise.reject(new BatchError([first, ...rest]));
  }

  #take(
    key: string,
    indexes: readonly number[],
    messages: readonly OutgoingMessage[],
  ): BatchFailure | undefined {
    const taken = this.#takes.shift() ?? Infinity;
    for (const [n, from] of indexes.entries()) {
      const message = messages[from];
      if (message === undefined) continue;
      if (Number(message.properties['changes']) > this.#maxChanges)
        return { key, from, error: new DStreamError('MessageTooLarge', 'too large') };
      if (n >= taken) return { key, from, error: new DStreamError('Throttled', 'busy') };
      this.accepted.push(message);
    }
    return undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

const eventsOf = (messages: readonly OutgoingMessage[]): StampedEvent[] =>
  messages.flatMap((message) =>
    bodyText(message)
      .split('\n')
      .map((line) => JSON.parse(line) as StampedEvent),
  );

function changesOf(rows: readonly (number | null)[]): ChangeEvent[] {
  return rows.map((row, n) => aChange(n, row === null ? { key: null } : { key: { Id: row } }));
}

const numbersByRow = (events: readonly ChangeEvent[]) =>
  Object.fromEntries(
    Array.from(
      Map.groupBy(events, ({ metadata }) => JSON.stringify(metadata.key)),
      ([row, of]) => [row, of.map(({ metadata }) => metadata.sequence)],
    ),
  );

describe('ordered by key', () => {
  test('every row’s changes are accepted once and in order, whatever each session takes at a time', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.option(fc.nat(9)), { minLength: 1, maxLength: 60 }),
        fc.integer({ min: 1, max: 5 }),
        fc.array(fc.nat(3), { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        async (rows, sessions, takes, maxChanges) => {
          const ordering = { by: 'key', sessions } as const;
          const changes = changesOf(rows);
          const topic = new PickyTopic(takes, maxChanges);
          const clock = new ManualClock();
          const held = { partition, epoch: 1, goodUntilMs: 1e12, acquiredAtMs: 0 };
          const common = { clock, log: silentLog, failureLog: new FailureLog('sending', silentLog, clock) };
          const lease = new LeaseKeeper(held, { leases: {} as never, durationMs: 30_000, ...common });
          const sender = new ChangeSender({ topic, partition, lease, ordering, hash, ...common });
          const limits = { maxBytes: 10_000, maxChanges: 7 };
          const stamp = { generation: 7, epoch: 1 };
          const encoded = changes.map((one) => encodeChange(one, table));
          const sending = sender.send(pack(encoded, stamp, { ordering, hash, ...limits }), never);
          await clock.advance(3_600_000);
          await sending;
          const arrived = eventsOf(topic.accepted);
          expect(numbersByRow(arrived)).toEqual(numbersByRow(changes));
          const sessionOf = sessionRouter(ordering, hash);
          for (const message of topic.accepted)
            for (const line of bodyText(message).split('\n'))
              expect(sessionOf(encodeChange(JSON.parse(line) as ChangeEvent, table))).toBe(message.sessionId);
        },
      ),
      { numRuns: 150 },
    ));

  test('another number of sessions after a crash loses nothing: what a session has settled does not hide other rows', async () => {
    const world = setup(['T']);
    const busy = new DStreamError('Throttled', 'busy');
    // One session is held up while the others go far ahead of the checkpoint.
    world.topic.failSends(({ sessionId }) => (sessionId.endsWith('/0') ? busy : undefined));
    world.source.batch = 9;
    world.source.write('T', 9);
    const first = world.start('r1', silentLog, { by: 'key', sessions: 3 });
    await world.clock.advance(4_000);
    await first.kill();
    world.topic.failSends(() => undefined);
    const before = sent(world.topic, 'T').length;
    expect(before > 0 && before < 9).toBe(true);
    expect((await world.leases.load(partition, { signal: never }))?.at.token).toBe('0');
    const second = world.start('r2', silentLog, { by: 'key', sessions: 2 });
    await world.clock.advance(60_000);
    await second.stop();
    expect(new Set(settledBySession(world.topic.messages())).size).toBe(9);
  });
});

/** Ids that a processor lets through which keeps each session's newest (generation, position). */
function settledBySession(messages: readonly { sessionId?: string; body: Uint8Array }[]): readonly string[] {
  const progress = new Map<string, Progress>();
  return messages.flatMap(({ sessionId = '', body }) =>
    new TextDecoder()
      .decode(body)
      .split('\n')
      .map((line) => (JSON.parse(line) as StampedEvent).metadata)
      .filter(({ generation, position }) => {
        const at = { generation, position };
        if (!isNewer(at, progress.get(sessionId))) return false;
        progress.set(sessionId, at);
        return true;
      })
      .map(({ id }) => id),
  );
}
