import { expect, test } from 'vitest';
import { MessageReader } from './message-reader.ts';
import { ProtocolError } from './protocol-error.ts';

function packet(type: number, status: number, body: string): Buffer {
  const header = Buffer.of(type, status, 0, 0, 0, 0, 1, 0);
  header.writeUInt16BE(8 + body.length, 2);
  return Buffer.concat([header, Buffer.from(body)]);
}

const stream = Buffer.concat([
  packet(3, 8, 'one '),
  packet(3, 0, 'two '),
  packet(3, 1, 'three'),
  packet(6, 1, ''),
]);

test.each([1, 3, 7, 8, 9, 1000])('messages are the same when the bytes come %i at a time', (size) => {
  const reader = new MessageReader();
  const messages = [];
  for (let at = 0; at < stream.length; at += size)
    messages.push(...reader.push(stream.subarray(at, at + size)));
  expect(messages).toEqual([
    { type: 3, status: 9, body: Buffer.from('one two three') },
    { type: 6, status: 1, body: Buffer.alloc(0) },
  ]);
  expect(reader.pendingBytes).toBe(0);
});

test('a packet shorter than its header is no TDS', () => {
  expect(() => new MessageReader().push(Buffer.alloc(8))).toThrow(ProtocolError);
});
