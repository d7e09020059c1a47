/** The front of the SQL Server stand-in: TDS 7.4 on a port of the loopback interface, in front of any engine. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import type { SqlEngine } from '../engine/interface/engine-session.ts';
import { Certificate } from './handshake/certificate.ts';
import { Connection } from './session/connection.ts';
import { Transport } from './session/transport.ts';
import type { TdsGate } from './session/tds-gate.ts';
import type { TdsObserver } from './session/tds-observer.ts';

export type { ConnectionInfo, LoginInfo, StatementInfo, TdsObserver } from './session/tds-observer.ts';
export type { GateVerdict, RowProgress, TdsGate } from './session/tds-gate.ts';

export interface TdsServerOptions {
  readonly engine: SqlEngine;
  /** A free one when absent or 0. */
  readonly port?: number;
  /** Refuse clients that do not encrypt. They may encrypt in any case. */
  readonly requireEncryption?: boolean;
  readonly observe?: TdsObserver;
  readonly gate?: TdsGate;
}

export interface TdsServer {
  readonly port: number;
  /** Open connections, logged in or not. */
  connections(): number;
  /** Closes every connection at once, in the middle of whatever it does; new ones are accepted. */
  dropConnections(): void;
  /** Stops listening, drops every connection and waits until nothing runs any more. The engine stays open. */
  close(): Promise<void>;
}

interface Open {
  readonly transport: Transport;
  readonly ended: Promise<void>;
}

class Acceptor {
  readonly #options: TdsServerOptions;
  readonly #certificate = new Certificate();
  readonly #open = new Set<Open>();
  #lastId = 0;

  constructor(options: TdsServerOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#open.size;
  }

  accept(socket: Socket): void {
    this.#lastId += 1;
    const connection = { id: this.#lastId };
    const { engine, observe: observer = {}, gate = {}, requireEncryption = false } = this.#options;
    const transport = new Transport(socket, { failed: (error) => observer.failure?.(connection, error) });
    const certificate = this.#certificate;
    const served = new Connection({
      engine,
      observer,
      gate,
      certificate,
      requireEncryption,
      connection,
      transport,
    });
    const open: Open = { transport, ended: served.run().finally(() => this.#open.delete(open)) };
    this.#open.add(open);
  }

  drop(): void {
    for (const { transport } of this.#open) transport.drop();
  }

  async ended(): Promise<void> {
    await Promise.all([...this.#open].map((open) => open.ended));
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Resolves when the server listens; rejects when the port is taken. */
export async function startTdsServer(options: TdsServerOptions): Promise<TdsServer> {
  const acceptor = new Acceptor(options);
  const server = createServer((socket) => acceptor.accept(socket));
  const port = await listen(server, options.port ?? 0);
  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    acceptor.drop();
    await Promise.all([closed, acceptor.ended()]);
  };
  return {
    port,
    connections: () => acceptor.size,
    dropConnections: () => acceptor.drop(),
    close: () => (closing ??= close()),
  };
}
