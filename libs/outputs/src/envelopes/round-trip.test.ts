/** Whatever decodes comes out of every envelope as it went in. */
import { silentLog, type RoutedEvent, type Row } from '@dstream/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { decodedLines } from '../../../../test/support/decoded-lines.ts';
import { envelopeLines } from '../../../../test/support/envelope-lines.ts';
import { textOf } from '../../../../test/support/publisher-rig.ts';
import { cloudEventsEnvelope } from './cloud-events.ts';
import { debeziumEnvelope } from './debezium.ts';
import { plainEnvelope } from './plain.ts';
import type { Encode } from './with-envelope.ts';

const clock = { wallMs: () => 1_796_079_565_663 };
const debezium = debeziumEnvelope({ wrapper: true, tombstones: false, bigint: ['*.*.Id'] }, clock);
const structured = cloudEventsEnvelope('structured');
const binary = cloudEventsEnvelope('binary');
const plain = plainEnvelope(silentLog);

/** Values that binary floating point and JSON make easy to damage, and any others. */
const numbers = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_VALUE, Number.MAX_VALUE, 0.1, 1e21, -1e-7),
);
const digits = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String);
const rows = fc.dictionary(fc.string(), fc.oneof(numbers, digits, fc.string({ unit: 'binary' })));
const lines = fc.oneof(
  envelopeLines(1),
  envelopeLines(2),
  fc.tuple(envelopeLines(2), rows, digits).map(([line, row, id]) => {
    const sound = JSON.parse(line) as object;
    return JSON.stringify({ ...sound, data: { ...row, Id: id } });
  }),
);

function bodiesOf(encode: Encode, given: RoutedEvent): readonly unknown[] {
  return [encode(given)].flat().map((one) => JSON.parse(textOf(one)) as unknown);
}

/** What Debezium's envelope makes of it, with the number in the column `Id` as its digits. */
function imagesOf(given: RoutedEvent): Images {
  const digitsOfId = (key: string, value: unknown, { source = '' }: { readonly source?: string } = {}) =>
    key === 'Id' && typeof value === 'number' ? source : value;
  const text = [debezium(given)].flat().map(textOf).join('');
  const { before, after } = (JSON.parse(text, digitsOfId) as { readonly payload: Images }).payload;
  return { before, after };
}

type Images = Readonly<Record<'before' | 'after', Row | null>>;

test('whatever decodes comes out of every envelope as it went in', () => {
  let changes = 0;
  fc.assert(
    fc.property(lines, (line) => {
      for (const given of decodedLines(line)) {
        const { data, before = null, metadata } = given.event;
        const isGap = metadata.operation === 'gap';
        expect(bodiesOf(plain, given)).toEqual(isGap ? [] : [data]);
        expect(bodiesOf(structured, given)).toEqual([expect.objectContaining({ data: JSON.parse(line) })]);
        expect([binary(given)].flat().map(textOf)).toEqual([line]);
        changes += 1;
        if (isGap || metadata.unavailable !== undefined) continue;
        const isDelete = metadata.operation === 'delete';
        expect(imagesOf(given)).toEqual(isDelete ? { before: data, after: null } : { before, after: data });
      }
    }),
    { numRuns: 500 },
  );
  expect(changes).toBeGreaterThan(100);
});
