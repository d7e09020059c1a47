import { deepStrictEqual, throws } from 'node:assert/strict';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { problemOfVersion1 } from '../../../test/fixtures/version-1/check-envelope.ts';
import { aChange, lineOfVersion1 } from '../../../test/support/a-change.ts';
import { envelopeLines } from '../../../test/support/envelope-lines.ts';
import { encodeEnvelope } from './encoded-change.ts';
import { decodeEnvelope, inCurrentVersion, parseEnvelope } from './envelope.ts';

const stamp = { generation: 1, epoch: 1 };

interface Envelope {
  readonly data: unknown;
  readonly before?: unknown;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The content of an envelope of version 1 in version 2. */
function sameInVersion2({ data, before, metadata }: Envelope): Envelope {
  const { captureInstance, lsn, seqval, ...rest } = metadata;
  const origin = { captureInstance, lsn, seqval };
  return { data, ...(before != null && { before }), metadata: { ...rest, version: 2, origin } };
}

// But for dates that do not exist, such as 30 February: no ingester wrote them, and `Date.parse` took them for other days.
test('what was accepted as version 1 is read with the same values, and nothing else is', () => {
  let accepted = 0;
  fc.assert(
    fc.property(envelopeLines(1), (line) => {
      const envelope = JSON.parse(line) as Envelope;
      if (problemOfVersion1(envelope) === undefined) {
        accepted += 1;
        deepStrictEqual(decodeEnvelope(line), sameInVersion2(envelope));
      } else throws(() => decodeEnvelope(line), { code: 'MalformedMessage' });
    }),
    { numRuns: 1_000 },
  );
  // Otherwise it would say nothing.
  expect(accepted).toBeGreaterThan(100);
});

test('written again, it is what an ingester of today writes of the same change', () => {
  const event = decodeEnvelope(lineOfVersion1(aChange(1), stamp));
  expect(JSON.stringify(event)).toBe(encodeEnvelope(aChange(1), stamp));
});

test('an event of the current version is not copied', () => {
  const event = parseEnvelope(encodeEnvelope(aChange(1), stamp));
  expect(inCurrentVersion(event)).toBe(event);
});
