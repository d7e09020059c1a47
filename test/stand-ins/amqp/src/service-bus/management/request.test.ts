import { expect, test } from 'vitest';
import { readRequest } from './request.ts';

const argumentError = expect.objectContaining({ condition: 'com.microsoft:argument-error' });

test('operation and link come from the properties, the rest from the body', () => {
  const request = readRequest({
    application_properties: { operation: 'com.microsoft:peek-message', 'associated-link-name': 'l1' },
    body: { 'session-id': 's', 'message-count': 3, 'lock-tokens': [Buffer.alloc(16)] },
  });
  expect([request.operation, request.link]).toEqual(['com.microsoft:peek-message', 'l1']);
  expect([request.text('session-id'), request.number('message-count')]).toEqual(['s', 3]);
  expect(request.bytesList('lock-tokens')).toHaveLength(1);
});

test('a number beyond a double’s exactness arrives as bytes', () => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(2n ** 53n);
  expect(readRequest({ body: { from: bytes, list: [1, bytes] } }).numbers('list')).toEqual([1, 2 ** 53]);
});

test('what is missing or of the wrong kind is an argument error', () => {
  const request = readRequest({ body: { text: 5, bytes: 'x' } });
  expect(() => request.text('text')).toThrow(argumentError);
  expect(() => request.number('missing')).toThrow(argumentError);
  expect(() => request.bytes('bytes')).toThrow(argumentError);
  expect(() => request.bytesList('bytes')).toThrow(argumentError);
  expect([request.optionalText('missing'), request.bytes('missing')]).toEqual([undefined, undefined]);
});
