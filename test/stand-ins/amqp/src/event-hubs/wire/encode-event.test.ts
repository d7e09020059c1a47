import { expect, test } from 'vitest';
import { decodeMessage } from '../../protocol/amqp-codec.ts';
import { encodeMap, encodeSection, encodeSymbol, encodeText } from '../../protocol/wire/encode.ts';
import { elementsOf, sectionsOf, textOf } from '../../protocol/wire/scan.ts';
import { encodeEvent } from './encode-event.ts';

const sent = Buffer.concat([
  encodeSection(
    0x72,
    encodeMap([
      encodeSymbol('x-mine'),
      encodeText('kept'),
      encodeSymbol('x-opt-offset'),
      encodeText('forged'),
      encodeSymbol('x-opt-partition-key'),
      encodeText('forged'),
    ]),
  ),
  encodeSection(0x77, encodeText('body')),
]);

const stored = { sequence: 7, offset: 99, enqueuedAtMs: 1_000, partitionKey: 'k', bytes: sent };
const last = { sequence: 9, offset: 120, atMs: 2_000 };

test('an event has each annotation of the service once, and those of the sender that are its own', () => {
  const bytes = encodeEvent(stored);
  const section = sectionsOf(bytes).find(({ code }) => code === 0x72);
  const keys = elementsOf(bytes, section?.value ?? 0).filter((_, i) => i % 2 === 0);
  expect(keys.map((key) => textOf(key) ?? '').toSorted((a, b) => a.localeCompare(b))).toEqual([
    'x-mine',
    'x-opt-enqueued-time',
    'x-opt-offset',
    'x-opt-partition-key',
    'x-opt-sequence-number',
  ]);
  expect(decodeMessage(bytes)).toMatchObject({
    message_annotations: { 'x-mine': 'kept', 'x-opt-offset': '99', 'x-opt-partition-key': 'k' },
    body: 'body',
  });
});

test('the end of the partition goes along only when it is asked for', () => {
  const seen = (bytes: Buffer) => sectionsOf(bytes).map(({ code }) => code);
  expect(seen(encodeEvent(stored))).toEqual([0x72, 0x77]);
  expect(seen(encodeEvent(stored, { last, retrievedAtMs: 3_000 }))).toEqual([0x71, 0x72, 0x77]);
});
