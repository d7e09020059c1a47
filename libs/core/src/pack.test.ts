import { describe, expect, test } from 'vitest';
import type { ChangeEvent } from './change-event.ts';
import { decodeChange, encodeChange, encodeEnvelope } from './encoded-change.ts';
import { decodeEnvelope } from './envelope.ts';
import { pack as packEncoded, type PackOptions } from './pack.ts';
import type { Position } from './position.ts';
import { bodyText } from './topic.ts';

const table = { source: 'db1', database: 'shop', schema: 'dbo', table: 'Persons' };
const stamp = { generation: 7, epoch: 3 };

function change(n: number, note = ''): ChangeEvent {
  return {
    data: { ID: n, Note: note },
    metadata: {
      version: 2,
      id: `id-${n}`,
      source: 'sqlserver',
      server: 'db1',
      database: 'shop',
      schema: 'dbo',
      table: 'Persons',
      operation: 'insert',
      key: { ID: n },
      origin: { captureInstance: 'dbo_Persons', lsn: '0x01', seqval: '0x01' },
      sequence: n,
      committedAt: '2026-11-20T09:15:30.123Z',
      position: `p${n}` as Position,
    },
  };
}

function options(limits: Partial<PackOptions> = {}): PackOptions {
  return {
    maxBytes: 131_072,
    maxChanges: 500,
    hash: () => '',
    ...limits,
  };
}

const pack = (changes: readonly ChangeEvent[], ...rest: [typeof stamp, PackOptions]) =>
  packEncoded(
    changes.map((one) => encodeChange(one, table)),
    ...rest,
  );

describe('packing', () => {
  test('ordered by key, each session gets its changes in order, packed apart from the others', () => {
    const changes = Array.from({ length: 40 }, (_, n) => change(n));
    const messages = pack(changes, stamp, options({ ordering: { by: 'key', sessions: 4 }, maxChanges: 7 }));
    const idsOf = (body: string) => body.split('\n').map((line) => decodeEnvelope(line).metadata.sequence);
    const bySession = Map.groupBy(messages, ({ sessionId }) => sessionId);
    expect([...bySession.keys()].sort()).toEqual([0, 1, 2, 3].map((n) => `db1/shop/dbo.Persons/${n}`));
    const packed = [...bySession.values()].map((own) => own.flatMap((m) => idsOf(bodyText(m))));
    for (const own of packed) expect(own).toEqual([...own].sort((a, b) => a - b));
    expect(packed.flat().sort((a, b) => a - b)).toEqual(changes.map(({ metadata }) => metadata.sequence));
    expect(new Set(messages.map(({ messageId }) => messageId)).size).toBe(messages.length);
    for (const m of messages) expect(m.properties['changes']).toBe(idsOf(bodyText(m)).length);
  });

  test('changes of several tables are packed apart, each message by its own table', () => {
    const other = { ...table, schema: 'sales', table: 'Orders' };
    const mixed = [1, 2, 3, 4, 5].map((n) => encodeChange(change(n), n % 2 === 0 ? other : table));
    const accepted = (sessionId: string) =>
      sessionId.endsWith('Orders') ? { generation: 6, position: 'p0' as Position } : undefined;
    const messages = packEncoded(mixed, stamp, options({ maxChanges: 2, accepted }));
    const told = messages.map(({ sessionId, subject, properties }) => ({
      sessionId,
      subject,
      ...properties,
    }));
    expect(told).toMatchObject([
      { sessionId: 'db1/shop/dbo.Persons', subject: 'dbo.Persons', table: 'Persons', lastPosition: 'p3' },
      { sessionId: 'db1/shop/dbo.Persons', subject: 'dbo.Persons', table: 'Persons', follows: '7/p3' },
      { sessionId: 'db1/shop/sales.Orders', subject: 'sales.Orders', schema: 'sales', follows: '6/p0' },
    ]);
    expect(told[0]).not.toHaveProperty('follows');
  });

  test('one change is plain JSON, named after it', () => {
    const [message, ...more] = pack([change(1)], stamp, options());
    expect(more).toEqual([]);
    expect(message).toEqual({
      messageId: 'id-1:1:7',
      sessionId: 'db1/shop/dbo.Persons',
      subject: 'dbo.Persons',
      contentType: 'application/json',
      body: new TextEncoder().encode(encodeEnvelope(change(1), stamp)),
      bodyBytes: encodeEnvelope(change(1), stamp).length,
      properties: {
        schema: 'dbo',
        table: 'Persons',
        database: 'shop',
        server: 'db1',
        changes: 1,
        firstPosition: 'p1',
        lastPosition: 'p1',
        generation: 7,
      },
    });
  });

  test('several are JSON Lines, and none is lost or moved by the limits', () => {
    const changes = Array.from({ length: 7 }, (_, n) => change(n + 1));
    const messages = pack(changes, stamp, options({ maxChanges: 3 }));
    expect(messages.map((m) => m.properties['changes'])).toEqual([3, 3, 1]);
    expect(messages.map((m) => m.messageId)).toEqual(['id-1:3:7', 'id-4:3:7', 'id-7:1:7']);
    const ids = messages.flatMap((m) =>
      bodyText(m)
        .split('\n')
        .map((line) => decodeEnvelope(line).metadata.id),
    );
    expect(ids).toEqual(changes.map(({ metadata }) => metadata.id));
  });

  test('a body never passes the bytes, but a single larger change travels alone', () => {
    const line = encodeEnvelope(change(1), stamp).length;
    const changes = [change(1), change(2), change(3, 'x'.repeat(1000)), change(4)];
    const messages = pack(changes, stamp, options({ maxBytes: 2 * line + 1 }));
    expect(messages.map((m) => m.properties['changes'])).toEqual([2, 1, 1]);
    expect(messages.map((m) => m.bodyBytes)).toEqual(messages.map((m) => m.body.length));
    const tight = pack(changes, stamp, options({ maxBytes: 2 * line }));
    expect(tight.map((m) => m.properties['changes'])).toEqual([1, 1, 1, 1]);
  });

  test('one change a message can be filtered by operation', () => {
    const messages = pack([change(1), change(2)], stamp, options({ maxChanges: 1 }));
    expect(messages.map((m) => m.properties['operation'])).toEqual(['insert', 'insert']);
  });
});

describe('an encoded change', () => {
  test.each([change(1, 'ů\u2028\ud83d"'), { ...change(1), before: { ID: 0 } }])(
    'is the event again: %j',
    (event) => {
      const encoded = encodeChange(event, table);
      expect(decodeChange(encoded)).toEqual(event);
      expect(encoded).toMatchObject({ id: 'id-1', operation: 'insert', key: [1], position: 'p1' });
    },
  );
});

describe('an envelope', () => {
  test.each([undefined, { ID: 0, Note: '\ud800 "' }])(
    'is the JSON of the change and its stamp, before %j',
    (before) => {
      const plain = change(1, 'ů\u2028\ud83d');
      const sent = before === undefined ? plain : { ...plain, before };
      const { data, metadata } = sent;
      const whole = { data, ...(before && { before }), metadata: { ...metadata, ...stamp } };
      expect(encodeEnvelope(sent, stamp)).toBe(JSON.stringify(whole));
    },
  );

  test('arrives as it was sent, with generation and epoch', () => {
    const sent = change(1, 'Žluťoučký \u{1F40E}\n"');
    expect(decodeEnvelope(encodeEnvelope(sent, stamp))).toEqual({
      ...sent,
      metadata: { ...sent.metadata, ...stamp },
    });
  });

  test.each([
    ['{"data":', 'the envelope is not JSON'],
    ['[]', 'the envelope is not a JSON object'],
    ['{"metadata":{}}', 'the envelope has no data: null or an object of plain values is expected'],
    ['{"data":{}}', 'the envelope has no metadata'],
    ['{"data":{},"metadata":{}}', 'the envelope has no metadata.version'],
    ['{"data":{},"metadata":{"version":3}}', 'the envelope has a metadata.version that is not 1 or 2'],
    ['{"data":{},"metadata":{"version":2}}', 'the envelope has no metadata.operation'],
    [
      '{"data":{},"metadata":{"version":1,"operation":"upsert"}}',
      'the envelope has a metadata.operation that is not one of insert, update, delete, read, gap',
    ],
    ['{"data":{},"metadata":{"version":1,"operation":"insert"}}', 'the envelope has no metadata.id'],
  ])('%s is refused with a reason', (line, reason) => {
    expect(() => decodeEnvelope(line)).toThrow(reason);
  });

  test('a before that is null is read like an absent one', () => {
    const line = encodeEnvelope(change(1), stamp);
    const withNull = line.replace('{', '{"before":null,');
    expect(JSON.parse(withNull)).toHaveProperty('before', null);
    expect(decodeEnvelope(withNull)).toEqual(decodeEnvelope(line));
    expect(decodeEnvelope(withNull)).not.toHaveProperty('before');
  });

  test('a refusal never repeats the content', () => {
    expect(() => decodeEnvelope('secret salary 1000')).toThrow(/^the envelope is not JSON$/);
  });
});
