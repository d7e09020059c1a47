import { describe, expect, test } from 'vitest';
import { aChange, lineOfVersion1 } from '../../../test/support/a-change.ts';
import { encodeEnvelope } from './encoded-change.ts';
import { decodeEnvelope } from './envelope.ts';

interface Envelope {
  readonly data: object;
  readonly metadata: Readonly<Record<string, unknown>>;
}

const stamp = { generation: 1, epoch: 1 };
const whole = JSON.parse(encodeEnvelope(aChange(1), stamp)) as Envelope;
const wholeOf1 = JSON.parse(lineOfVersion1(aChange(1), stamp)) as Envelope;

const withMetadata = (metadata: object, { data, metadata: sound } = whole) =>
  JSON.stringify({ data, metadata: { ...sound, ...metadata } });

/** Text of so many objects in each other. */
const nested = (levels: number) => `${'{"a":'.repeat(levels - 1)}{}${'}'.repeat(levels - 1)}`;

const gap = { reason: 'HistoryLost', from: { lsn: '0x01', at: '2026-11-20T00:00:00Z' }, to: { lsn: '0x05' } };

describe('an envelope is refused', () => {
  test.each([
    [{ committedAt: 1_795_166_130_123 }, 'has a metadata.committedAt that is not a time in ISO 8601, UTC'],
    [{ committedAt: '20 Nov 2026' }, 'has a metadata.committedAt that is not a time in ISO 8601, UTC'],
    [
      { committedAt: '2026-13-40T00:00:00Z' },
      'has a metadata.committedAt that is not a time in ISO 8601, UTC',
    ],
    [
      { committedAt: '2026-02-30T00:00:00Z' },
      'has a metadata.committedAt that is not a time in ISO 8601, UTC',
    ],
    [
      { committedAt: '2026-11-20T24:60:00Z' },
      'has a metadata.committedAt that is not a time in ISO 8601, UTC',
    ],
    [{ changed: 7 }, 'has a metadata.changed that is not a list of column names'],
    [{ changed: [7] }, 'has a metadata.changed that is not a list of column names'],
    [{ key: undefined }, 'has no metadata.key'],
    [{ key: [1] }, 'has a metadata.key that is not null or an object of plain values'],
    [{ key: { ID: {} } }, 'has a metadata.key that is not null or an object of plain values'],
    [{ gap: {} }, 'has a metadata.gap that is not a reason, a from and a to'],
    [{ gap: { ...gap, from: {} } }, 'has a metadata.gap that is not a reason, a from and a to'],
    [{ operation: 'gap' }, 'has no metadata.gap'],
    [{ id: 'i'.repeat(97) }, 'has a metadata.id that is not a text of 1 to 96 characters'],
    [{ id: '' }, 'has a metadata.id that is not a text of 1 to 96 characters'],
    [{ table: 't'.repeat(513) }, 'has a metadata.table that is not a text of 1 to 512 characters'],
    [{ position: 'p'.repeat(513) }, 'has a metadata.position that is not a text of 1 to 512 characters'],
    [{ sequence: '1' }, 'has a metadata.sequence that is not a whole number that is not negative'],
    [{ replay: 'once' }, 'has a metadata.replay that is not a whole number that is not negative'],
    [{ generation: -1 }, 'has a metadata.generation that is not a whole number that is not negative'],
    [{ epoch: undefined }, 'has no metadata.epoch'],
    [
      { unavailable: [{ in: 'after', columns: [] }] },
      'has a metadata.unavailable that is not a list of columns in data or before',
    ],
  ])('with %j, of either version', (metadata, problem) => {
    for (const sound of [whole, wholeOf1])
      expect(() => decodeEnvelope(withMetadata(metadata, sound))).toThrow(`the envelope ${problem}`);
  });

  test.each([
    [whole, { origin: undefined }, 'has no metadata.origin'],
    [whole, { origin: ['0x01'] }, 'has a metadata.origin that is not an object of plain values'],
    [whole, { origin: { lsn: {} } }, 'has a metadata.origin that is not an object of plain values'],
    [wholeOf1, { captureInstance: undefined }, 'has no metadata.captureInstance'],
    [wholeOf1, { lsn: '' }, 'has a metadata.lsn that is not a text of 1 to 512 characters'],
    [wholeOf1, { seqval: 7 }, 'has a metadata.seqval that is not a text of 1 to 512 characters'],
    [whole, { version: 1 }, 'has no metadata.captureInstance'],
    [wholeOf1, { version: 2 }, 'has no metadata.origin'],
    [whole, { version: '2' }, 'has a metadata.version that is not 1 or 2'],
  ])('of %j with %j', (sound, metadata, problem) => {
    expect(() => decodeEnvelope(withMetadata(metadata, sound))).toThrow(`the envelope ${problem}`);
  });

  test.each([
    [{ data: [1] }, 'has no data: null or an object of plain values is expected'],
    [{ data: { ID: [1] } }, 'has no data: null or an object of plain values is expected'],
    [{ before: { ID: {} } }, 'has a before that is not an object of plain values'],
  ])('with %j', (images, problem) => {
    expect(() => decodeEnvelope(JSON.stringify({ ...whole, ...images }))).toThrow(`the envelope ${problem}`);
  });

  test('when it is nested so deep that walking it would fail, wherever that is', () => {
    for (const line of [
      nested(30_000),
      `{"data":${nested(30_000)},"metadata":{}}`,
      withMetadata({}).replace(/}}$/, `,"more":${nested(30_000)}}}`),
    ]) {
      expect(() => decodeEnvelope(line)).toThrow('the envelope is nested deeper than 32 levels');
    }
  });
});

describe('an envelope passes', () => {
  test.each([
    { more: { of: ['a', { later: 'version' }] } },
    { origin: {} },
    { origin: { file: 'a.jsonl', line: 7, last: true, of: null } },
    { key: null },
    { changed: [], unavailable: [{ in: 'before', columns: ['Photo'] }] },
    { operation: 'gap', gap },
    { id: 'i'.repeat(96) },
    { committedAt: '2026-11-20T09:15:30.1234567Z' },
  ])('with %j', (metadata) => {
    expect(decodeEnvelope(withMetadata(metadata)).metadata).toMatchObject(metadata);
  });

  test('on every day of the calendar, and on no other', () => {
    const exists = (text: string) => {
      const time = Date.parse(text);
      return !Number.isNaN(time) && new Date(time).toISOString().slice(0, 10) === text.slice(0, 10);
    };
    const passes = (committedAt: string) => {
      try {
        return decodeEnvelope(withMetadata({ committedAt })).metadata.committedAt === committedAt;
      } catch {
        return false;
      }
    };
    const two = (n: number) => String(n).padStart(2, '0');
    const wrong = ['0000', '1900', '2000', '2023', '2024', '2100', '9996', '9999']
      .flatMap((year) =>
        Array.from(
          { length: 14 * 33 },
          (_, n) => `${year}-${two(Math.floor(n / 33))}-${two(n % 33)}T00:00:00Z`,
        ),
      )
      .filter((text) => passes(text) !== exists(text));
    expect(wrong).toEqual([]);
  });

  test('without data', () => {
    expect(decodeEnvelope(JSON.stringify({ ...whole, data: null })).data).toBeNull();
  });
});
