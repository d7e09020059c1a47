import { describe, expect, test } from 'vitest';
import { ByteReader } from '../wire/byte-reader.ts';
import { ByteWriter } from '../wire/byte-writer.ts';
import { ProtocolError } from '../wire/protocol-error.ts';
import { readRpcRequests } from './rpc.ts';

function intParameter(out: ByteWriter, name: string, flags: number, value: number): void {
  out.shortText(name);
  out.u8(flags);
  out.raw(Buffer.of(0x26, 4, 4));
  out.u32(value);
}

function byId(out: ByteWriter, id: number): void {
  out.u16(0xffff);
  out.u16(id);
  out.u16(0);
}

describe('calls', () => {
  test('several in one request are told apart, by number and by name', () => {
    const out = new ByteWriter();
    byId(out, 12);
    intParameter(out, '', 0, 1);
    out.u8(0xff);
    out.text('dbo.[do it]');
    out.u16(0);
    intParameter(out, '@n', 1, 2);
    intParameter(out, '@default', 2, 3);
    const int = { name: 'int' };
    expect(readRpcRequests(new ByteReader(out.take()))).toEqual([
      { procedure: 'sp_execute', parameters: [{ name: '', type: int, value: 1, output: false }] },
      { procedure: 'dbo.[do it]', parameters: [{ name: '@n', type: int, value: 2, output: true }] },
    ]);
  });

  test('that end inside a value are refused', () => {
    const out = new ByteWriter();
    byId(out, 10);
    intParameter(out, '@n', 0, 1);
    const cut = out.take().subarray(0, -1);
    expect(() => readRpcRequests(new ByteReader(cut))).toThrow(ProtocolError);
  });
});
