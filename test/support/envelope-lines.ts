/** Envelopes for property-based tests: sound ones, odd ones, and those that are nearly right. */
import { encodeEnvelope } from '@dstream/core';
import fc from 'fast-check';
import { aChange, lineOfVersion1 } from './a-change.ts';

/** Names that JavaScript gives a meaning, long ones, halves of a character, and what means something to a file system. */
const oddText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 600 }),
  fc.constantFrom(
    'constructor',
    '__proto__',
    'toString',
    'length',
    '..',
    '/',
    '\0',
    '\ud800',
    'x'.repeat(96),
    'x'.repeat(129),
    'x'.repeat(512),
  ),
);
const plain = fc.oneof(oddText, fc.double(), fc.boolean(), fc.constant(null), fc.integer());
const row = fc.dictionary(oddText, plain, { maxKeys: 5 });
const anything = fc.oneof({ arbitrary: fc.jsonValue(), weight: 3 }, plain, row, fc.array(oddText));
const time = fc.oneof(
  fc
    .date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })
    .map((date) => date.toISOString()),
  fc.constantFrom('2026-11-20T24:00:00Z', '2028-02-29T09:15:30.123456789Z', '2026-11-20T23:59:60Z'),
);
const gapEnd = fc.record({ lsn: oddText, at: time }, { requiredKeys: ['lsn'] });

const common = {
  id: oddText,
  server: oddText,
  database: oddText,
  schema: oddText,
  table: oddText,
  position: oddText,
  operation: fc.constantFrom('insert', 'update', 'delete', 'read', 'gap'),
  key: fc.oneof(row, fc.constant(null)),
  changed: fc.array(oddText, { maxLength: 5 }),
  unavailable: fc.array(fc.record({ in: fc.constantFrom('data', 'before'), columns: fc.array(oddText) })),
  gap: fc.record({ reason: oddText, from: gapEnd, to: gapEnd }),
  committedAt: time,
  sequence: fc.nat(),
  generation: fc.maxSafeNat(),
};

const fieldsOf = {
  1: { ...common, captureInstance: oddText, lsn: oddText, seqval: oddText },
  2: { ...common, origin: row },
};

const stamp = { generation: 1, epoch: 1 };
const soundOf = { 1: lineOfVersion1(aChange(1), stamp), 2: encodeEnvelope(aChange(1), stamp) };

/** A sound envelope of which some fields are other sound ones, and now and then one is anything at all, or gone. */
export function envelopeLines(version: 1 | 2): fc.Arbitrary<string> {
  const fields: Readonly<Record<string, fc.Arbitrary<unknown>>> = fieldsOf[version];
  const wild = fc.tuple(
    fc.constantFrom(...Object.keys(fields), 'data', 'before'),
    fc.option(anything, { nil: undefined }),
  );
  return fc
    .record(
      {
        data: fc.oneof(row, fc.constant(null)),
        before: row,
        metadata: fc.record(fields, { requiredKeys: [] }),
        wild: fc.option(wild, { nil: undefined, freq: 1 }),
      },
      { requiredKeys: ['metadata', 'wild'] },
    )
    .map(({ metadata, wild, ...images }) => {
      const sound = JSON.parse(soundOf[version]) as { metadata: object };
      const envelope = { ...sound, ...images, metadata: { ...sound.metadata, ...metadata } };
      if (wild === undefined) return JSON.stringify(envelope);
      const [name, value] = wild;
      if (name === 'data' || name === 'before') return JSON.stringify({ ...envelope, [name]: value });
      return JSON.stringify({ ...envelope, metadata: { ...envelope.metadata, [name]: value } });
    });
}
