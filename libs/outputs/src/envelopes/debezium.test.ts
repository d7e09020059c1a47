import { readFile } from 'node:fs/promises';
import type { ChangeEvent, RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { textOf } from '../../../../test/support/publisher-rig.ts';
import { debeziumVersion } from './debezium-source.ts';
import { debeziumEnvelope, type DebeziumSettings } from './debezium.ts';

const clock = { wallMs: () => 1_796_079_565_663 };
const asDefault: DebeziumSettings = { wrapper: false, tombstones: false, bigint: [] };

const origin = {
  captureInstance: 'dbo_Orders',
  lsn: '0x0000002A000004C00003',
  seqval: '0x0000002A000004C00001',
};
const metadata = {
  server: 'foreign',
  database: 'shop',
  table: 'Orders',
  key: { Id: 0 },
  origin,
  committedAt: '2026-11-30T22:59:25.576Z',
} as const;

const update: ChangeEvent = {
  ...aChange(1, { ...metadata, operation: 'update', changed: ['Note'] }),
  data: { Id: 0, Note: 'é', Total: '9223372036854775807' },
  before: { Id: 0, Note: null, Total: '-1' },
};

function bodies(event: ChangeEvent, settings: Partial<DebeziumSettings> = {}): readonly string[] {
  const routed: RoutedEvent = { event, line: Buffer.from('the line'), orderingKey: 's' };
  return [debeziumEnvelope({ ...asDefault, ...settings }, clock)(routed)].flat().map(textOf);
}

const parsed = (event: ChangeEvent, settings?: Partial<DebeziumSettings>) =>
  JSON.parse(bodies(event, settings)[0] ?? '') as Record<string, unknown>;

describe('the envelope of Debezium', () => {
  test('has the fields of the connector, in its order', () => {
    // As Debezium 3.6.1 wrote it, with a bigint as text and one time for both.
    expect(bodies(update)).toEqual([
      '{"before":{"Id":0,"Note":null,"Total":"-1"},"after":{"Id":0,"Note":"é","Total":"9223372036854775807"},' +
        '"source":{"version":"3.6.1.Final","connector":"sqlserver","name":"foreign","ts_ms":1796079565576,"snapshot":"false",' +
        '"db":"shop","sequence":null,"ts_us":1796079565576000,"ts_ns":1796079565576000000,"schema":"dbo","table":"Orders",' +
        '"change_lsn":"0000002a:000004c0:0001","commit_lsn":"0000002a:000004c0:0003","event_serial_no":2},' +
        '"transaction":null,"op":"u","ts_ms":1796079565663,"ts_us":1796079565663000,"ts_ns":1796079565663000000}',
    ]);
  });

  test.each([
    ['insert', 'c', null, { Id: 1 }, 1, 'false'],
    ['delete', 'd', { Id: 1 }, null, 1, 'false'],
    ['read', 'r', null, { Id: 1 }, 1, 'true'],
  ] as const)('of operation %s is op %s', (operation, op, before, after, serial, snapshot) => {
    const event = { ...aChange(1, { ...metadata, operation }), data: { Id: 1 } };
    expect(parsed(event)).toMatchObject({
      op,
      before,
      after,
      source: { event_serial_no: serial, snapshot },
    });
  });

  test('has a placeholder for each value that CDC did not carry', () => {
    const unavailable = [
      { in: 'before', columns: ['Photo', '__proto__'] },
      { in: 'data', columns: ['Text'] },
    ] as const;
    const { before, after } = parsed({ ...update, metadata: { ...update.metadata, unavailable } });
    const placeholder = '__debezium_unavailable_value';
    expect(Object.entries(before as object)).toContainEqual(['__proto__', placeholder]);
    expect(before).toMatchObject({ Photo: placeholder, Note: null });
    expect(after).toMatchObject({ Text: placeholder, Note: 'é' });
  });

  test('writes the digits of a bigint column as a number, and nothing else', () => {
    const event = {
      ...update,
      data: { Total: '9223372036854775807', Note: '12', Small: '-1', Padded: '007', Text: 'a"b' },
    };
    const bigint = ['dbo.Ord*.total', 'Orders.Small', 'Orders.Padded', 'Orders.Text', 'Other.Note'];
    expect(bodies(event, { bigint })[0]).toContain(
      '"after":{"Total":9223372036854775807,"Note":"12","Small":-1,"Padded":"007","Text":"a\\"b"}',
    );
  });

  test('of a gap is a message, so that nobody takes it for a change, or for nothing', () => {
    const gap = { reason: 'HistoryLost', from: { lsn: '0x05' }, to: { lsn: '0x09' } } as const;
    const event: ChangeEvent = {
      data: null,
      metadata: { ...update.metadata, operation: 'gap', key: null, gap },
    };
    const { op, message, after } = parsed(event);
    expect({ op, after }).toEqual({ op: 'm', after: undefined });
    const { prefix, content } = message as { prefix: string; content: string };
    expect([prefix, JSON.parse(Buffer.from(content, 'base64').toString())]).toEqual(['dstream.gap', gap]);
  });

  test('has null for LSNs of a source that has none, and the number of a replay', () => {
    const { source } = parsed({ ...update, metadata: { ...update.metadata, origin: {}, replay: 2 } });
    expect(source).toMatchObject({ change_lsn: null, commit_lsn: null, replay: 2 });
  });

  test('may be wrapped as by a converter with schemas', () => {
    expect(parsed(update, { wrapper: true })).toEqual({ schema: null, payload: parsed(update) });
  });

  test('of a delete under a key has a tombstone after it, where the destination has keys', () => {
    const remove = { ...update, metadata: { ...update.metadata, operation: 'delete' as const } };
    expect(bodies(remove, { tombstones: true })).toEqual([bodies(remove)[0], '']);
    const withoutKey = { ...remove, metadata: { ...remove.metadata, key: null } };
    expect(bodies(withoutKey, { tombstones: true })).toHaveLength(1);
    expect(bodies(update, { tombstones: true })).toHaveLength(1);
  });

  test('is that of the version which it is compared with (test/foreign)', async () => {
    const pom = await readFile(new URL('../../../../test/foreign/java/pom.xml', import.meta.url), 'utf8');
    expect(/<debezium\.version>(.*)<\/debezium\.version>/.exec(pom)?.[1]).toBe(debeziumVersion);
  });
});
