/** TLS in front of a plain port of this machine: what a service with a certificate looks like to a client. */
import { once } from 'node:events';
import { connect, type AddressInfo } from 'node:net';
import { createServer, type TLSSocket } from 'node:tls';
import type { LocalCertificate } from '../stand-ins/certificate/src/local-certificate.ts';

export interface TlsFront extends AsyncDisposable {
  readonly port: number;
  /** True when a client has sent this text, in UTF-8, inside the encryption. */
  hasHeard(text: string): boolean;
}

export async function startTlsFront(plainPort: number, certificate: LocalCertificate): Promise<TlsFront> {
  const heard: Buffer[] = [];
  const open = new Set<TLSSocket>();
  const server = createServer({ ...certificate }, (client) => {
    open.add(client);
    client.on('data', (chunk: Buffer) => heard.push(chunk)).on('close', () => open.delete(client));
    const behind = connect(plainPort, '127.0.0.1');
    client.pipe(behind).pipe(client);
    // A side that breaks off ends the other: nothing more is to be said about it here.
    for (const [one, other] of [
      [client, behind],
      [behind, client],
    ] as const)
      one.on('error', () => other.destroy()).on('close', () => other.destroy());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    hasHeard: (text) => Buffer.concat(heard).includes(text),
    [Symbol.asyncDispose]: async () => {
      server.close();
      for (const client of open) client.destroy();
      await once(server, 'close');
    },
  };
}
