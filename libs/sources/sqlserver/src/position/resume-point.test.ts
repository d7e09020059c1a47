import type { ResumePoint } from '@dstream/core';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  isLsn,
  lsnBytes,
  lsnOf,
  nextLsn,
  positionAfter,
  positionOf,
  previousLsn,
  zeroLsn,
  type LogPosition,
  type Lsn,
  type ReadMode,
} from './log-position.ts';
import { formatResumePoint, parseResumePoint, type History } from './resume-point.ts';

const anyMode = fc.constantFrom<ReadMode>('functions', 'direct');
const anyLsn = fc.uint8Array({ minLength: 10, maxLength: 10 }).map((bytes) => lsnOf(Buffer.from(bytes)));

describe('an LSN', () => {
  test('keeps its bytes and their order as text', () =>
    fc.assert(
      fc.property(anyLsn, anyLsn, (a, b) => {
        expect(lsnOf(lsnBytes(a))).toBe(a);
        expect(a < b).toBe(Buffer.compare(lsnBytes(a), lsnBytes(b)) < 0);
        expect(isLsn(a)).toBe(true);
      }),
    ));

  test('has neighbours, also across bytes', () => {
    expect(nextLsn('0000002A000000FFFFFF' as Lsn)).toBe('0000002A000001000000');
    expect(previousLsn('0000002A000001000000' as Lsn)).toBe('0000002A000000FFFFFF');
    expect(previousLsn(zeroLsn)).toBe(zeroLsn);
  });
});

const pointOf = (token: string) => ({ position: '', token }) as ResumePoint;
const positionIn = (token: string) => parseResumePoint(pointOf(token)).position;

describe('a resume point', () => {
  const anyPosition = fc.oneof(
    fc.record({ kind: fc.constant('between' as const), mode: anyMode, lsn: anyLsn }),
    fc
      .record({
        kind: fc.constant('inside' as const),
        mode: anyMode,
        lsn: anyLsn,
        commandId: fc.nat({ max: 0x7fff_ffff }),
        seqval: anyLsn,
        operation: fc.integer({ min: 1, max: 4 }),
        ordinal: fc.integer({ min: 1, max: 9_999_999_999 }),
      })
      .map((inside): LogPosition => (inside.mode === 'direct' ? inside : { ...inside, commandId: 0 })),
  );

  test('carries everything that reading on needs', () =>
    fc.assert(
      fc.property(anyPosition, (p) => {
        expect(parseResumePoint(formatResumePoint(p, {}))).toEqual({ position: p, history: {} });
      }),
    ));

  test('the end of a scan sorts after every change of its transaction and before the next one', () => {
    const lsn = '0000002A000001F80003' as Lsn;
    const { position } = formatResumePoint({ kind: 'between', mode: 'functions', lsn }, {});
    expect(position > positionOf(lsn, 9_999_999_999)).toBe(true);
    expect(position < positionOf(nextLsn(lsn), 1)).toBe(true);
    expect(positionOf(lsn, 9) < positionOf(lsn, 10)).toBe(true);
  });

  test('of the first version is still understood', () => {
    const [lsn, seqval] = ['0000002A000001F80003', '0000002A000001F80002'];
    expect(positionIn(`{"mode":"functions","lsn":"${lsn}"}`)).toEqual({
      kind: 'between',
      mode: 'functions',
      lsn,
    });
    const token = `{"mode":"functions","lsn":"${lsn}","seqval":"${seqval}","operation":4,"ordinal":7}`;
    const position: unknown = {
      kind: 'inside',
      mode: 'functions',
      lsn,
      commandId: 0,
      seqval,
      operation: 4,
      ordinal: 7,
    };
    expect(positionIn(token)).toEqual(position);
  });

  const at = '2026-11-20T09:00:02.123Z';
  const history: History = {
    incarnation: '7',
    seen: { lsn: zeroLsn, at },
    gap: {
      reason: 'HistoryLost',
      captureInstance: 'i',
      from: zeroLsn,
      to: zeroLsn,
      fromAt: at,
      noticedAt: at,
    },
  };

  test('carries the history of its source', () => {
    const position = { kind: 'between', mode: 'direct', lsn: zeroLsn } as const;
    expect(parseResumePoint(formatResumePoint(position, history))).toEqual({ position, history });
  });

  test('with a gap to report lies just before the event of the gap', () => {
    const to = '0000002A000001F80003' as Lsn;
    const gap = { reason: 'HistoryLost', captureInstance: 'i', from: zeroLsn, to, noticedAt: at } as const;
    const { position } = formatResumePoint({ kind: 'between', mode: 'functions', lsn: zeroLsn }, { gap });
    expect(position).toBe('0000002A000001F80002:');
    expect(position < positionAfter(previousLsn(to))).toBe(true);
  });

  test.each([
    { incarnation: 7 },
    { seen: null },
    { seen: { ...history.seen, at: 'soon' } },
    { gap: {} },
    { gap: { ...history.gap, reason: 'other' } },
    { gap: { ...history.gap, toAt: 1 } },
  ])('that says %j of its history is refused: a gap may not stay unreported', (more) => {
    const token = JSON.stringify({ mode: 'functions', lsn: zeroLsn, ...more });
    expect(() => positionIn(token)).toThrow(refused);
  });

  const refused = expect.objectContaining({ code: 'CheckpointUnreadable' });

  test.each(['', '{}', '[]', 'null', '{"mode":"functions"}', '{"mode":"functions","lsn":"0x00"}'])(
    'the token %j is refused',
    (token) => {
      expect(() => positionIn(token)).toThrow(refused);
    },
  );

  /** What the token says, as a token again; of one that is refused as it should be nothing. */
  const understood = (token: string): object => {
    try {
      const { position, history: known } = parseResumePoint(pointOf(token));
      return JSON.parse(formatResumePoint(position, known).token) as object;
    } catch (error) {
      expect(error).toEqual(refused);
      return {};
    }
  };

  test('made of nonsense is refused by name, whatever it is', () =>
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.object().map((o) => JSON.stringify(o)),
        ),
        (token) => {
          expect(understood(token)).toEqual({});
        },
      ),
    ));

  // oxlint-disable-next-line vitest/expect-expect -- it is in the property
  test.each(['mode', 'lsn', 'commandId', 'seqval', 'operation', 'ordinal', 'incarnation', 'seen', 'gap'])(
    'whose %s is nonsense is refused, and never read as another position',
    (field) =>
      fc.assert(
        fc.property(anyPosition, fc.jsonValue(), (p, nonsense) => {
          const token: unknown = JSON.parse(formatResumePoint(p, history).token);
          const damaged = JSON.stringify({ ...(token as object), [field]: nonsense });
          // What is read is what was written. A negative zero is a zero in JSON.
          expect(JSON.parse(damaged)).toMatchObject(understood(damaged));
        }),
      ),
  );
});
