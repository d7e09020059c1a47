import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export interface MuteServer extends AsyncDisposable {
  readonly port: number;
  /** How many were accepted so far. */
  readonly connections: number;
}

/** Accepts TCP connections and never says a word: a peer that hangs. */
export async function openMuteServer(): Promise<MuteServer> {
  let connections = 0;
  const listening = await listen((socket) => {
    connections += 1;
    socket.resume();
  });
  return {
    ...listening,
    get connections() {
      return connections;
    },
  };
}

export interface Way extends AsyncDisposable {
  readonly port: number;
  /** From now on nothing passes, in either direction, and nobody is told: a firewall that drops. */
  block(): void;
  /** New connections pass again; those that were blocked stay so. */
  open(): void;
}

/** A way to the server at `port` that can be blocked. */
export async function openWay(port: number): Promise<Way> {
  const passing = new Set<Socket>();
  let isBlocked = false;
  const listening = await listen((near) => {
    near.on('error', () => near.destroy());
    if (isBlocked) {
      near.resume();
      return;
    }
    const far = connect(port, '127.0.0.1');
    far.on('error', () => near.destroy());
    near.pipe(far).pipe(near);
    passing.add(near).add(far);
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('close', () => {
        passing.delete(one);
        other.destroy();
      });
    }
  });
  return {
    ...listening,
    block() {
      isBlocked = true;
      for (const socket of passing) socket.unpipe().resume();
    },
    open() {
      isBlocked = false;
    },
  };
}

async function listen(accepted: (socket: Socket) => void): Promise<AsyncDisposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
    // Who gives up on a mute peer may break the connection.
    socket.on('error', () => socket.destroy());
    accepted(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: () => closed(server, sockets),
  };
}

async function closed(server: Server, sockets: ReadonlySet<Socket>): Promise<void> {
  server.close();
  for (const socket of sockets) socket.destroy();
  if (server.listening) await once(server, 'close');
}
