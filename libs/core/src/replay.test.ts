import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { deadLetterProperties, type FailedChange } from './dead-letter.ts';
import type { DeadLetter } from './dead-letter-queue.ts';
import { failedChanges, failedLines, failedOutputs, isReplayFor, replayMessage, replayOf } from './replay.ts';
import type { IncomingMessage } from './subscription.ts';
import { bodyText, type OutgoingMessage } from './topic.ts';

const table = { schema: 'dbo', table: 'T', server: 's', database: 'd' };
const failed = (index: number, output: string): FailedChange => ({ index, output, reason: 'refused' });

function dead(
  lines: readonly string[],
  failures: readonly FailedChange[],
  more: Partial<IncomingMessage> = {},
) {
  const message: IncomingMessage = {
    messageId: 'c1:4:7',
    sessionId: 's/d/dbo.T',
    subject: 'dbo.T',
    contentType: 'application/x-ndjson',
    body: Buffer.from(lines.join('\n')),
    sequenceNumber: '1',
    enqueuedAtMs: 0,
    properties: {
      ...table,
      changes: lines.length,
      firstPosition: 'p1',
      lastPosition: 'p4',
      follows: '7/p0',
      ...(failures.length > 0 && deadLetterProperties(failures)),
      DeadLetterReason: 'NotDelivered',
      DeadLetterErrorDescription: 'change 0: refused',
    },
    ...more,
  };
  return { message, reason: 'NotDelivered', description: undefined } satisfies DeadLetter;
}

const options = { subscription: 'dstream', reroute: false, hash: () => '0123456789abcdef' };
const replay = (letter: DeadLetter, more: Partial<typeof options> = {}) =>
  replayMessage(letter, { ...options, ...more });

/** As the broker would hand it out, dead-lettered again. */
function deadAgain(sent: OutgoingMessage, failures: readonly FailedChange[]): DeadLetter {
  const { messageId, properties } = sent;
  return dead(bodyText(sent).split('\n'), [], {
    messageId,
    properties: { ...properties, ...deadLetterProperties(failures) },
  });
}

describe('the message that replays a dead letter', () => {
  test('holds only the changes that failed, each for the outputs that refused it', () => {
    const failures = [failed(1, 'bus'), failed(3, 'bus'), failed(3, 'hook')];
    const sent = replay(dead(['a', 'b', 'c', 'd'], failures));
    expect(sent).toEqual({
      messageId: 'c1:4:7:r1',
      sessionId: 's/d/dbo.T',
      subject: 'dbo.T',
      contentType: 'application/x-ndjson',
      body: new Uint8Array(Buffer.from('b\nd')),
      bodyBytes: 3,
      properties: {
        ...table,
        changes: 2,
        'replay-for': 'dstream',
        'replay-outputs': '{"bus":"0-1","hook":"1"}',
        'replay-count': 1,
      },
    });
    expect(replayOf(sent)).toEqual({
      subscription: 'dstream',
      count: 1,
      outputs: new Map([
        [0, ['bus']],
        [1, ['bus', 'hook']],
      ]),
    });
  });

  test('leaves changes to the routes that failed before an output was asked, although an output refused them too', () => {
    const sent = replay(dead(['a', 'b'], [failed(0, '*'), failed(0, 'bus'), failed(1, 'bus')]));
    expect(sent.properties['replay-outputs']).toBe('{"bus":"1"}');
  });

  test('leaves all of them to the routes where that is asked for', () => {
    const sent = replay(dead(['a', 'b'], [failed(1, 'bus')]), { reroute: true });
    expect([bodyText(sent), replayOf(sent)?.outputs]).toEqual(['b', new Map()]);
  });

  test('is the whole body, byte for byte, where nothing says what failed', () => {
    const letter = dead(['a', '', 'b', ''], []);
    const sent = replay(letter);
    expect([sent.body, sent.properties['changes'], replayOf(sent)?.outputs]).toEqual([
      letter.message.body,
      3,
      new Map(),
    ]);
  });

  test('is the whole body where it is no text and its first line failed: that may stand for all of it', () => {
    const body = Buffer.from([0xff, 0x0a, 0x41]);
    expect(replay(dead([], [failed(0, '*')], { body })).body).toEqual(body);
  });

  test('is one line of several in a single change, which is plain JSON', () => {
    expect(replay(dead(['a', 'b'], [failed(0, 'bus')])).contentType).toBe('application/json');
  });

  test('counts: what failed again gets a new id, and the same dead letter the same one', () => {
    const first = replay(dead(['a', 'b', 'c'], [failed(1, 'bus'), failed(2, 'bus')]));
    const again = deadAgain(first, [failed(1, 'bus')]);
    const second = replay(again);
    expect([second.messageId, replay(again).messageId]).toEqual(['c1:4:7:r2', 'c1:4:7:r2']);
    expect([bodyText(second), second.properties['replay-count']]).toEqual(['c', 2]);
  });

  test('keeps its outputs where the broker dead-letters the replay itself', () => {
    const first = replay(dead(['a', 'b', 'c'], [failed(1, 'bus'), failed(2, '*')]));
    const again = deadAgain(first, []);
    const second = replay(again);
    expect([bodyText(second), second.properties['replay-outputs'], failedOutputs(again)]).toEqual([
      'b\nc',
      '{"bus":"0"}',
      ['bus'],
    ]);
  });

  test('brings each failed change to each output that refused it, and to no other', () => {
    const failures = fc.array(
      fc.record({
        index: fc.nat(11),
        output: fc.constantFrom('*', 'bus', 'hook'),
        reason: fc.constant('no'),
      }),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(failures, (all) => {
        const lines = Array.from({ length: 12 }, (_, n) => `line ${n}`);
        const sent = replay(dead(lines, all));
        const outputs = replayOf(sent)?.outputs;
        const brought = bodyText(sent).split('\n');
        expect(brought).toEqual(lines.filter((_, index) => all.some((one) => one.index === index)));
        for (const [at, line] of brought.entries()) {
          const of = new Set(all.filter(({ index }) => line === `line ${index}`).map(({ output }) => output));
          expect(new Set(outputs?.get(at) ?? ['*'])).toEqual(of.has('*') ? new Set(['*']) : of);
        }
      }),
    );
  });

  test('has an id that fits, whatever the length of that of another producer', () => {
    const { messageId } = replay(dead(['a'], [], { messageId: 'm'.repeat(128) }));
    expect(messageId).toMatch(/^m{108}~0123456789abcdef:r1$/);
  });
});

test('a dead letter shows the lines that failed, and where', () => {
  const letter = dead(['a', 'b', 'c'], [failed(0, '*'), failed(2, 'bus'), failed(2, 'hook')]);
  expect(
    failedLines(letter).map(({ line, ...rest }) => ({ ...rest, line: Buffer.from(line).toString() })),
  ).toEqual([
    { index: 0, outputs: ['*'], line: 'a' },
    { index: 2, outputs: ['bus', 'hook'], line: 'c' },
  ]);
  expect(failedLines(dead(['a'], [])).map(({ outputs }) => outputs)).toEqual([[]]);
});

test('a dead letter names the outputs that refused changes of it, and how many those are', () => {
  const letter = dead(['a', 'b', 'c'], [failed(0, '*'), failed(2, 'bus'), failed(2, 'hook')]);
  expect([failedOutputs(letter), failedChanges(letter), failedChanges(dead(['a', 'b'], []))]).toEqual([
    ['bus', 'hook'],
    2,
    2,
  ]);
});

describe('a message', () => {
  test('that was not replayed has no mark', () => {
    expect(replayOf({ properties: { changes: 1, 'failed.bus': '0' } })).toBeUndefined();
  });

  test('whose outputs cannot be read goes by the routes', () => {
    for (const text of ['{', 'null', '["bus"]', 7])
      expect(replayOf({ properties: { 'replay-for': 'x', 'replay-outputs': text } })?.outputs.get(0)).toBe(
        undefined,
      );
  });

  test('that names every change for more outputs than there may be goes by the routes', () => {
    const naming = (outputs: number) => {
      const ranges = Object.fromEntries(Array.from({ length: outputs }, (_, n) => [`o${n}`, '0-9999']));
      const properties = { 'replay-for': 'x', 'replay-outputs': JSON.stringify(ranges) };
      return replayOf({ properties })?.outputs.size;
    };
    expect([naming(20), naming(3_800)]).toEqual([10_000, 0]);
  });

  test('is for its subscription in any spelling', () => {
    const mark = replayOf({ properties: { 'replay-for': 'DStream' } });
    expect(mark && [isReplayFor(mark, 'dstream'), isReplayFor(mark, 'dstream-2')]).toEqual([true, false]);
  });
});
