import {
  BatchError,
  bucketOf,
  DStreamError,
  pack,
  partitionOf,
  silentLog,
  type EncodedChange,
  type Origin,
  type OutgoingMessage,
  type Position,
  type Topic,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { FailureLog } from '@dstream/async';
import { describe, expect, test } from 'vitest';
import { anEncodedChange, aTable } from '../../../test/support/a-change.ts';
import { ChangeSender } from './change-sender.ts';
import { LeaseKeeper } from './lease-keeper.ts';

const never = new AbortController().signal;
const partition = partitionOf(aTable);

function message(n: number, origin: Origin = {}): OutgoingMessage {
  const metadata = { key: { Id: n }, origin, operation: 'insert', position: `p${n}` };
  const body = JSON.stringify({ data: {}, metadata });
  return {
    messageId: `m${n}`,
    sessionId: 's',
    subject: 'dbo.T',
    contentType: 'application/json',
    body,
    bodyBytes: body.length,
    properties: {},
  };
}

/** Changes c1 to cN in one message. */
function packedMessage(count: number): OutgoingMessage {
  const lines = Array.from({ length: count }, (_, n) =>
    JSON.stringify({ data: {}, metadata: { id: `c${n + 1}`, position: `p${n + 1}`, generation: 7 } }),
  );
  const body = lines.join('\n');
  return {
    ...message(0),
    messageId: `c1:${count}:7`,
    body,
    bodyBytes: body.length,
    properties: { changes: count },
  };
}

const ordering = { by: 'key', sessions: 3 } as const;
const [a, b, c] = [0, 1, 2].map((bucket) => `s/d/dbo.T/${bucket}`) as [string, string, string];

/** A row of the given bucket. */
function rowOf(bucket: number): number {
  let id = 0;
  while (bucketOf([id], 3) !== bucket) id += 1;
  return id;
}

/** Numbered changes of three rows, in turn: each row has a session of its own. */
const changes = Array.from({ length: 9 }, (_, n) =>
  anEncodedChange(n, { id: `c${n}`, position: `p${n}` as Position, key: { Id: rowOf(n % 3) } }),
);

function messagesOf(sent: readonly EncodedChange[], maxChanges = 1, generation = 7): OutgoingMessage[] {
  const limits = { maxBytes: 100_000, maxChanges };
  const messages = pack(sent, { generation, epoch: 1 }, { ordering, ...limits, hash: (t) => t });
  return messages.sort((x, y) => x.sessionId.localeCompare(y.sessionId));
}

function setup(answers: (Error | undefined)[]) {
  const clock = new ManualClock();
  const sends: string[][] = [];
  const topic = {
    send: (messages: readonly OutgoingMessage[]) => {
      sends.push(messages.map(({ messageId }) => messageId));
      const answer = answers.shift();
      return answer === undefined ? Promise.resolve() : Promise.reject(answer);
    },
  } as unknown as Topic;
  const held = { partition, epoch: 1, goodUntilMs: 24_000, acquiredAtMs: 0 };
  const lease = new LeaseKeeper(held, {
    leases: {} as never,
    durationMs: 30_000,
    clock,
    log: silentLog,
    failureLog: new FailureLog('renewing', silentLog, clock),
  });
  return {
    clock,
    sends,
    sender: new ChangeSender({
      topic,
      partition,
      lease,
      clock,
      log: silentLog,
      ordering,
      hash: (t) => t,
      failureLog: new FailureLog('sending', silentLog, clock),
    }),
  };
}

describe('sending', () => {
  test('after a failure only the suffix that was not accepted is sent again', async () => {
    const busy = new DStreamError('Throttled', 'busy');
    const { clock, sends, sender } = setup([new BatchError([{ key: 's', from: 1, error: busy }])]);
    const sending = sender.send([message(1), message(2), message(3)], never);
    await clock.advance(1_000);
    await sending;
    expect(sends).toEqual([
      ['m1', 'm2', 'm3'],
      ['m2', 'm3'],
    ]);
  });

  test('no attempt starts when the lease can no longer be proven', async () => {
    const { clock, sends, sender } = setup(
      Array.from({ length: 99 }, () => new DStreamError('Unreachable', 'away')),
    );
    const sending = sender.send([message(1)], never);
    const outcome = expect(sending).rejects.toMatchObject({ code: 'LeaseLost' });
    await clock.advance(60_000);
    await outcome;
    const attemptsInTime = sends.length;
    await clock.advance(60_000);
    expect(sends).toHaveLength(attemptsInTime);
    expect(clock.sleeping).toBe(0);
  });

  test('a packed message the broker does not take goes in halves, in order', async () => {
    const large = new BatchError([
      { key: 's', from: 0, error: new DStreamError('MessageTooLarge', 'too large') },
    ]);
    const { sends, sender } = setup([large]);
    const packed = packedMessage(3);
    await sender.send([packed, message(9)], never);
    expect(sends).toEqual([
      ['c1:3:7', 'm9'],
      ['c1:2:7', 'c3:1:7', 'm9'],
    ]);
  });

  test.each([
    [{ lsn: '0x0A' }, 'LSN 0x0A, 100 bytes'],
    [{}, 'position p2, 88 bytes'],
  ])(
    'a change the broker does not take is a fault that names row, place and size: %j',
    async (origin, at) => {
      const large = new DStreamError('MessageTooLarge', 'the limit is 262144 bytes');
      const { sender } = setup([new BatchError([{ key: 's', from: 1, error: large }])]);
      await expect(sender.send([message(1), message(2, origin)], never)).rejects.toMatchObject({
        code: 'ChangeTooLarge',
        message: `a change of dbo.T cannot be sent: insert of the row with key {"Id":2} at ${at}: the limit is 262144 bytes`,
      });
    },
  );

  test('a change that is refused for another reason is a fault that names row and reason', async () => {
    const refused = new DStreamError('Rejected', 'message m2: NotDelivered: change 0: out of range');
    const { sender } = setup([new BatchError([{ key: 's', from: 1, error: refused }])]);
    await expect(sender.send([message(1), message(2)], never)).rejects.toMatchObject({
      code: 'ChangeRefused',
      disposition: 'fatal',
      message:
        'a change of dbo.T cannot be sent: insert of the row with key {"Id":2} at position p2, 88 bytes: ' +
        'message m2: NotDelivered: change 0: out of range',
    });
  });
});

describe('sending to several sessions', () => {
  const busy = new DStreamError('Throttled', 'busy');
  const large = new DStreamError('MessageTooLarge', 'the limit is 9 bytes');
  const sessions = messagesOf(changes).map(({ sessionId }) => sessionId);
  const [inA, inB, inC] = [a, b, c].map((session) => sessions.indexOf(session)) as [number, number, number];
  const idsOf = (messages: readonly OutgoingMessage[]) => messages.map(({ messageId }) => messageId);

  test('after a failure each session goes on with its own suffix', async () => {
    const { clock, sends, sender } = setup([
      new BatchError([
        { key: a, from: inA + 1, error: busy },
        { key: c, from: inC, error: busy },
      ]),
    ]);
    const messages = messagesOf(changes);
    const sending = sender.send(messages, never);
    await clock.advance(1_000);
    await sending;
    expect(sends[1]).toEqual(idsOf([...messages.slice(inA + 1, inB), ...messages.slice(inC)]));
  });

  test('a message too large is the first that is left of its own session, not of the first session', async () => {
    const { sends, sender } = setup([
      new BatchError([
        { key: a, from: 0, error: busy },
        { key: c, from: 2, error: large },
      ]),
    ]);
    const messages = messagesOf(changes, 500);
    const counts = messages.map(({ properties }) => properties['changes']);
    await sender.send(messages, never);
    expect(sends[0]).toHaveLength(3);
    const [first, , third] = messages.map(({ messageId }) => messageId);
    expect(sends[1]).toHaveLength(3);
    expect(sends[1]?.[0]).toBe(first);
    expect(sends[1]?.[1]?.split(':')[1]).toBe(String(Math.ceil(Number(counts[2]) / 2)));
    expect(sends.flat().filter((id) => id === third)).toHaveLength(1);
  });

  test('what every session has taken is not sent again after a change that was too large', async () => {
    const { sender } = setup([
      new BatchError([
        { key: a, from: inA + 2, error: busy },
        { key: c, from: inC + 1, error: large },
      ]),
    ]);
    await expect(sender.send(messagesOf(changes), never)).rejects.toMatchObject({ code: 'ChangeTooLarge' });
    const open = messagesOf(sender.unsent(changes, 7));
    const messages = messagesOf(changes);
    expect(idsOf(open)).toEqual(idsOf([...messages.slice(inA + 2, inB), ...messages.slice(inC + 1)]));
    expect(sender.unsent(changes, 8)).toEqual(changes);
    await sender.send(open, never);
    expect(sender.unsent(changes, 7)).toEqual(changes);
  });
});
