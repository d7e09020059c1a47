import { expect, test } from 'vitest';
import type { Reply } from '../../engine/interface/engine-session.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { ReplyEncoder } from './reply-encoder.ts';

/** Statuses of the DONE tokens in what the replies become; only for replies that write nothing else. */
function dones(replies: Reply[], inProcedure: boolean, transactionId = 0n): [number, number][] {
  const out = new ByteWriter();
  const encoder = new ReplyEncoder(out, { transactionId }, inProcedure);
  for (const reply of replies) encoder.take(reply);
  encoder.finish();
  const bytes = out.take();
  return Array.from({ length: bytes.length / 13 }, (_, index) => [
    bytes.readUInt8(index * 13),
    bytes.readUInt16LE(index * 13 + 1),
  ]);
}

test('only the last DONE says that nothing follows', () => {
  expect(dones([{ kind: 'done', count: 1 }, { kind: 'done' }, { kind: 'done', count: 0 }], false)).toEqual([
    [0xfd, 0x11],
    [0xfd, 0x01],
    [0xfd, 0x10],
  ]);
});

test('a request without a statement has one DONE, and it tells of the transaction', () => {
  expect(dones([], false, 5n)).toEqual([[0xfd, 0x04]]);
});

test('statements inside a procedure end in DONEINPROC', () => {
  expect(dones([{ kind: 'done', count: 2, inProcedure: true }, { kind: 'done' }], false)).toEqual([
    [0xff, 0x11],
    [0xfd, 0x00],
  ]);
});

test('counts beyond 32 bits are kept', () => {
  const out = new ByteWriter();
  const encoder = new ReplyEncoder(out, { transactionId: 0n }, false);
  encoder.take({ kind: 'done', count: 5_000_000_000 });
  encoder.finish();
  expect(out.take().readBigUInt64LE(5)).toBe(5_000_000_000n);
});

test('a row without columns, or of another width, is refused with nothing written', () => {
  const out = new ByteWriter();
  const encoder = new ReplyEncoder(out, { transactionId: 0n }, false);
  expect(() => encoder.take({ kind: 'row', values: [1] })).toThrow(TypeError);
  encoder.take({ kind: 'columns', columns: [{ name: 'n', type: { name: 'int' }, nullable: false }] });
  const before = out.length;
  expect(() => encoder.take({ kind: 'row', values: [1, 2] })).toThrow(RangeError);
  expect(() => encoder.take({ kind: 'row', values: ['1'] })).toThrow(TypeError);
  expect(out.length).toBe(before);
});

test('a DONE says what wrote, so that its count is an update count', () => {
  const commands = (replies: Reply[]): number[] => {
    const out = new ByteWriter();
    const encoder = new ReplyEncoder(out, { transactionId: 0n }, false);
    for (const reply of replies) encoder.take(reply);
    encoder.finish();
    const bytes = out.take();
    return replies.map((_, index) => bytes.readUInt16LE(index * 13 + 3));
  };
  expect(
    commands([
      { kind: 'done', count: 1, command: 'insert' },
      { kind: 'done', count: 0, command: 'update' },
      { kind: 'done', count: 2, command: 'delete' },
      { kind: 'done', command: 'createTable' },
      { kind: 'done' },
    ]),
  ).toEqual([0xc3, 0xc5, 0xc4, 0xc6, 0]);
});
