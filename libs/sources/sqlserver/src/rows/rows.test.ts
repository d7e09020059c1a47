import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ChangeRow } from './change-row.ts';
import { historyOfToken, within, type History } from './history.ts';
import { isLsn, lsnBytes, lsnOf, nextLsn, previousLsn, zeroLsn, type Lsn } from '../position/lsn.ts';
import { placeOfToken, positionOf, resumePointOf, type Place, type ReadMode } from '../position/position.ts';
import { RowAssembler } from './row-assembler.ts';
import { isBitSet } from './update-mask.ts';

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

describe('a resume point', () => {
  const place = fc.oneof(
    fc.record({ kind: fc.constant('scanned' as const), mode: anyMode, lsn: anyLsn }),
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
      .map((inside): Place => (inside.mode === 'direct' ? inside : { ...inside, commandId: 0 })),
  );

  test('carries everything that reading on needs', () =>
    fc.assert(
      fc.property(place, (p) => {
        expect(placeOfToken(resumePointOf(p).token)).toEqual(p);
      }),
    ));

  test('the end of a scan stands behind every change of its transaction and before the next one', () => {
    const lsn = '0000002A000001F80003' as Lsn;
    const { position } = resumePointOf({ kind: 'scanned', mode: 'functions', lsn });
    expect(position > positionOf(lsn, 9_999_999_999)).toBe(true);
    expect(position < positionOf(nextLsn(lsn), 1)).toBe(true);
    expect(positionOf(lsn, 9) < positionOf(lsn, 10)).toBe(true);
  });

  test('of the first version is still understood', () => {
    const [lsn, seqval] = ['0000002A000001F80003', '0000002A000001F80002'];
    expect(placeOfToken(`{"mode":"functions","lsn":"${lsn}"}`)).toEqual({
      kind: 'scanned',
      mode: 'functions',
      lsn,
    });
    const token = `{"mode":"functions","lsn":"${lsn}","seqval":"${seqval}","operation":4,"ordinal":7}`;
    const place: unknown = {
      kind: 'inside',
      mode: 'functions',
      lsn,
      commandId: 0,
      seqval,
      operation: 4,
      ordinal: 7,
    };
    expect(placeOfToken(token)).toEqual(place);
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
    const end = resumePointOf({ kind: 'scanned', mode: 'direct', lsn: zeroLsn });
    expect(historyOfToken(within(end, history).token)).toEqual(history);
    expect(historyOfToken(end.token)).toEqual({});
  });

  test.each([
    { incarnation: 7 },
    { seen: null },
    { seen: { ...history.seen, at: 'soon' } },
    { gap: {} },
    { gap: { ...history.gap, reason: 'other' } },
    { gap: { ...history.gap, toAt: 1 } },
  ])('that says %j of its history is refused: a gap may not go untold', (more) => {
    const token = JSON.stringify({ mode: 'functions', lsn: zeroLsn, ...more });
    expect(() => historyOfToken(token)).toThrow(refused);
  });

  const refused = expect.objectContaining({ code: 'CheckpointUnreadable' });

  test.each(['', '{}', '[]', 'null', '{"mode":"functions"}', '{"mode":"functions","lsn":"0x00"}'])(
    'the token %j is refused',
    (token) => {
      expect(() => placeOfToken(token)).toThrow(refused);
    },
  );

  /** What the token says, as a token again; of one that is refused as it should be nothing. */
  const understood = (token: string): object => {
    try {
      const end = resumePointOf(placeOfToken(token));
      return JSON.parse(within(end, historyOfToken(token)).token) as object;
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

  // oxlint-disable-next-line vitest/expect-expect -- it stands in the property
  test.each(['mode', 'lsn', 'commandId', 'seqval', 'operation', 'ordinal', 'incarnation', 'seen', 'gap'])(
    'whose %s is nonsense is refused, and never read as another place',
    (field) =>
      fc.assert(
        fc.property(place, fc.jsonValue(), (p, nonsense) => {
          const token: unknown = JSON.parse(within(resumePointOf(p), history).token);
          const damaged = JSON.stringify({ ...(token as object), [field]: nonsense });
          // What is understood is what stands there. A negative zero is a zero in JSON.
          expect(JSON.parse(damaged)).toMatchObject(understood(damaged));
        }),
      ),
  );
});

describe('the update mask', () => {
  test('has its lowest ordinals in the last byte', () => {
    const mask = Buffer.from([0b0000_0001, 0b1000_0000, 0b0000_0101]);
    const set = Array.from({ length: 30 }, (_, i) => i + 1).filter((ordinal) => isBitSet(mask, ordinal));
    expect(set).toEqual([1, 3, 16, 17]);
  });
});

describe('rows of a change table', () => {
  const row = (operation: number) =>
    ({ lsn: zeroLsn, commandId: 0, seqval: zeroLsn, operation }) as ChangeRow;
  const assembled = (...operations: number[]) => {
    const assembler = new RowAssembler({ kind: 'scanned', mode: 'functions', lsn: zeroLsn }, () => undefined);
    operations.forEach((operation) => assembler.push(row(operation)));
    return assembler.end()?.changes.map((change) => change.operation);
  };

  test('become changes, an after image also without its before', () => {
    expect([assembled(1), assembled(2), assembled(3, 4), assembled(4)]).toEqual([
      ['delete'],
      ['insert'],
      ['update'],
      ['update'],
    ]);
  });

  test('of several updates with one seqval are paired by their key', () => {
    const image = (operation: number, Name: string, Id: number) => ({
      ...row(operation),
      values: [Name, Id],
    });
    const from: Place = { kind: 'scanned', mode: 'functions', lsn: zeroLsn };
    const assembler = new RowAssembler(from, (one) => String(one.values[1]));
    for (const one of [image(3, 'a', 1), image(3, 'b', 2), image(4, 'y', 1), image(4, 'x', 2)])
      assembler.push(one);
    const changes = assembler.end()?.changes ?? [];
    expect(changes.map(({ before, after }) => [before?.values[1], after.values[1]])).toEqual([
      [2, 2],
      [1, 1],
    ]);
  });

  test.each([
    [[3], 'operation 3 at .*0x0{20}, .*0x0{20} without its operation 4'],
    [[3, 3, 4], 'operation 3'],
    [[2, 5], 'operation 5'],
    [[9, 9, 9, 9, 9], 'operation 9.*; and 2 more$'],
  ])('of the operations %j are refused by name, not passed over', (operations, name) => {
    expect(() => assembled(...operations)).toThrow(
      expect.objectContaining({ code: 'Unexpected', message: expect.stringMatching(new RegExp(name)) }),
    );
  });
});
