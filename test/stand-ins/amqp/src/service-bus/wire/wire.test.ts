import rhea from 'rhea';
import { describe, expect, test } from 'vitest';
import { encodeValue } from '../../protocol/amqp-codec.ts';
import type { Payload } from './payload.ts';
import { StoredMessage } from '../broker/stored-message.ts';
import { encodeDelivery, encodeManagedDelivery } from './encode-delivery.ts';
import { swapGuidOrder } from './guid-order.ts';
import { parseBatch } from '../../protocol/wire/parse-batch.ts';
import { parseMessage } from './parse-message.ts';
import { sectionsOf, WireError } from '../../protocol/wire/scan.ts';
import { ticksOf } from './ticks.ts';

const newId = () => 'made';

function encode(message: object): Buffer {
  return rhea.message.encode(message);
}

function deliver(
  payload: Payload,
  fields: Partial<ConstructorParameters<typeof StoredMessage>[0]> = {},
): Buffer {
  const base = {
    sequence: 7,
    enqueuedSequence: 5,
    enqueuedAtMs: 1_700_000_000_000,
    expiresAtMs: Infinity,
    payload,
  };
  return encodeDelivery(new StoredMessage({ ...base, ...fields }), encodeValue);
}

describe('what the broker reads of a message', () => {
  test('ids, time to live and the scheduled time', () => {
    const at = new Date(1_700_000_060_000);
    const bytes = encode({
      ttl: 5000,
      message_id: 'm1',
      group_id: 's1',
      message_annotations: { 'x-opt-scheduled-enqueue-time': at },
      body: 'x',
    });
    expect(parseMessage(bytes, newId)).toMatchObject({
      messageId: 'm1',
      sessionId: 's1',
      ttlMs: 5000,
      scheduledAtMs: at.getTime(),
      bytes: bytes.length,
    });
  });

  test('a message without an id gets one, and keeps its other properties', () => {
    const payload = parseMessage(encode({ group_id: 's1', subject: 'dbo.T', body: 'x' }), newId);
    expect(payload.messageId).toBe('made');
    expect(rhea.message.decode(deliver(payload))).toMatchObject({
      message_id: 'made',
      group_id: 's1',
      subject: 'dbo.T',
      body: 'x',
    });
  });

  test('a message without any properties gets an id too', () => {
    const body = encode({ body: 'x' });
    const bare = body.subarray(sectionsOf(body).find((section) => section.code === 0x77)?.start);
    expect(rhea.message.decode(deliver(parseMessage(bare, newId)))).toMatchObject({
      message_id: 'made',
      body: 'x',
    });
  });

  test('bytes that are no message are refused', () => {
    expect(() => parseMessage(Buffer.from('hello'), newId)).toThrow(WireError);
    const cut = encode({ message_id: 'm1', body: Buffer.alloc(300) }).subarray(0, -1);
    expect(() => parseMessage(cut, newId)).toThrow(WireError);
  });
});

describe('what a receiver gets', () => {
  test.each([
    ['data', rhea.message.data_section(Buffer.from([0, 1, 255]))],
    ['several data sections', rhea.message.data_sections([Buffer.from('a'), Buffer.from('b')])],
    ['a value', { deep: [1, null, 'x'] }],
    ['a sequence', rhea.message.sequence_section([1, 'two'])],
  ])('a body of %s passes byte for byte', (_, body) => {
    const bytes = encode({ message_id: 'm1', application_properties: { a: 1, b: 1.5, c: true }, body });
    const properties = sectionsOf(bytes).find((section) => section.code === 0x73);
    const sent = bytes.subarray(properties?.start);
    const delivered = deliver(parseMessage(bytes, newId));
    expect(delivered.subarray(-sent.length).equals(sent)).toBe(true);
  });

  test('header and annotations are the broker’s, with those of the sender', () => {
    const payload = parseMessage(
      encode({
        ttl: 5000,
        message_id: 'm1',
        message_annotations: { 'x-opt-partition-key': 'p', 'x-opt-sequence-number': 99 },
        body: 'x',
      }),
      newId,
    );
    const decoded = rhea.message.decode(deliver(payload, { deliveryCount: 3, deadLetterSource: 'q' }));
    expect(decoded).toMatchObject({
      delivery_count: 3,
      ttl: 5000,
      message_annotations: {
        'x-opt-partition-key': 'p',
        'x-opt-sequence-number': 7,
        'x-opt-enqueue-sequence-number': 5,
        'x-opt-enqueued-time': new Date(1_700_000_000_000),
        'x-opt-deadletter-source': 'q',
      },
    });
  });

  test('changed properties replace or join those of the sender, whose encoding stays', () => {
    const double = rhea.types.wrap_double(5);
    const payload = parseMessage(
      encode({ application_properties: { kept: double, tried: 1 }, body: 'x' }),
      newId,
    );
    const delivered = deliver(payload, { changes: { tried: 2, DeadLetterReason: 'bad' } });
    expect(rhea.message.decode(delivered).application_properties).toEqual({
      kept: 5,
      tried: 2,
      DeadLetterReason: 'bad',
    });
    expect(delivered.includes(Buffer.from([0x82, 0x40, 0x14, 0, 0, 0, 0, 0, 0]))).toBe(true);
  });

  test('properties can be set on a message that had none', () => {
    const delivered = deliver(parseMessage(encode({ body: 'x' }), newId), { changes: { a: 'b' } });
    expect(rhea.message.decode(delivered)).toMatchObject({ application_properties: { a: 'b' }, body: 'x' });
  });
});

test('a message that comes in an answer carries its lock token, in the order of its text', () => {
  const payload = parseMessage(encode({ message_id: 'm1', body: 'x' }), newId);
  const fields = { sequence: 1, enqueuedSequence: 1, enqueuedAtMs: 0, expiresAtMs: Infinity, payload };
  const message = new StoredMessage(fields);
  expect(encodeManagedDelivery(message, encodeValue)).toEqual(encodeDelivery(message, encodeValue));
  const token = '00112233445566778899aabbccddeeff';
  message.lock = { token, untilMs: 1_700_000_000_000 };
  const { delivery_annotations: annotations } = rhea.message.decode(
    encodeManagedDelivery(message, encodeValue),
  );
  expect(Buffer.from(annotations?.['x-opt-lock-token'] as Buffer).toString('hex')).toBe(token);
});

test('a batch is the messages in its data sections', () => {
  const messages = [
    encode({ message_id: 'a', body: 'x' }),
    encode({ message_id: 'b', body: Buffer.alloc(300) }),
  ];
  const batch = encode({ message_id: 'a', body: rhea.message.data_sections(messages) });
  expect(parseBatch(batch)).toEqual(messages);
});

test('a lock token is swapped between the orders of .NET and AMQP', () => {
  const bytes = Buffer.from('00112233445566778899aabbccddeeff', 'hex');
  expect(swapGuidOrder(bytes).toString('hex')).toBe('33221100554477668899aabbccddeeff');
  expect(swapGuidOrder(swapGuidOrder(bytes)).equals(bytes)).toBe(true);
});

test('the ticks of 1970 are those of .NET', () => {
  expect(ticksOf(0).readBigInt64BE()).toBe(621_355_968_000_000_000n);
  expect(ticksOf(1).readBigInt64BE()).toBe(621_355_968_000_010_000n);
});
