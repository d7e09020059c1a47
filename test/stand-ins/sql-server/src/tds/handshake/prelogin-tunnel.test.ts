import { PassThrough } from 'node:stream';
import type { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { PreloginTunnel } from './prelogin-tunnel.ts';

const record = (type: number, content: string): Buffer =>
  Buffer.concat([Buffer.of(type, 3, 3, 0, content.length), Buffer.from(content)]);
const login = Buffer.concat([record(0x17, 'login'), record(0x17, 'its end')]);
/** A TDS packet, with bytes inside that a TLS record could begin with. */
const plain = Buffer.of(0x10, 1, 0, 12, 0, 0, 2, 0, 0x17, 0x14, 0x15, 0x16);

/** What goes to TLS, and what is plain, when the bytes come in pieces of this size. */
function taken(bytes: Buffer, size: number, loginOnly: boolean): { tls: string; plain: string } {
  const seen: Buffer[] = [];
  const onPlain = (part: Buffer): void => void seen.push(part);
  const tunnel = new PreloginTunnel(new PassThrough() as unknown as Socket, loginOnly ? onPlain : undefined);
  for (let at = 0; at < bytes.length; at += size) tunnel.receive(bytes.subarray(at, at + size));
  const tls = (tunnel.read() as Buffer | null) ?? Buffer.alloc(0);
  return { tls: tls.toString('hex'), plain: Buffer.concat(seen).toString('hex') };
}

test.each([1, 3, 7, 1000])('a login is encrypted up to its last record, in pieces of %i bytes', (size) => {
  expect(taken(Buffer.concat([login, plain]), size, true)).toEqual({
    tls: login.toString('hex'),
    plain: plain.toString('hex'),
  });
});

test('without a plain part everything goes to TLS', () => {
  const all = Buffer.concat([login, plain]);
  expect(taken(all, 5, false)).toEqual({ tls: all.toString('hex'), plain: '' });
});
