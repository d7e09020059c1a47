import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import rhea, { type Connection, type ConnectionOptions } from 'rhea';
import { gatherWrites } from './gather-writes.ts';
import { keepTransfersRaw } from './raw-transfers.ts';
import type { AmqpError, RheaConnection, RheaReceiver, RheaSender, RheaSession } from './rhea-internals.ts';

/** What the server does for one link. `closed` is called once: by a detach, by the end of the session or connection. */
export interface LinkHandler {
  closed(): void;
}

/** Called when a client attaches. A handler is undefined when the link was refused. */
export interface AmqpRoutes {
  /** The client sends, the server receives. */
  clientSends(link: RheaReceiver): LinkHandler | undefined;
  /** The client receives, the server sends. */
  clientReceives(link: RheaSender): LinkHandler | undefined;
}

export interface AmqpServerOptions {
  readonly port: number;
  readonly routes: AmqpRoutes;
  readonly onConnection: () => void;
  /** Something threw while a frame was handled, or a client broke the protocol. The connection is closed after it. */
  readonly onError: (error: unknown) => void;
}

export interface AmqpServer {
  readonly port: number;
  readonly connections: number;
  /** Stops listening, so that new connections are refused, or listens again on the same port. What is open stays. */
  refuse(refusing: boolean): void;
  /** Cuts every connection without a word. Answers how many. */
  dropConnections(): number;
  close(): Promise<void>;
}

const host = '127.0.0.1';

/** As the service: frames of 64 KB. The ring of deliveries in flight is larger, so that one slow message does not stop a link. */
const connectionOptions = {
  max_frame_size: 65_536,
  channel_max: 8191,
  tcp_no_delay: true,
  session_buffer_size: { incoming: 2048, outgoing: 16_384 },
  sender_options: { autosettle: false, treat_modified_as_released: false },
  receiver_options: { autosettle: false, autoaccept: false, credit_window: 1000 },
};

export async function listenAmqp(options: AmqpServerOptions): Promise<AmqpServer> {
  const container = rhea.create_container({ id: 'dstream-stand-in' });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    options.onConnection();
    serve(socket, container.create_connection(connectionOptions as unknown as ConnectionOptions), options);
  });
  server.listen(options.port, host);
  await once(server, 'listening');
  server.on('error', options.onError);
  const { port } = server.address() as AddressInfo;
  const drop = (): number => {
    const open = [...sockets];
    for (const socket of open) socket.destroy();
    return open.length;
  };
  return {
    port,
    get connections() {
      return sockets.size;
    },
    refuse(refusing) {
      if (refusing && server.listening) server.close();
      if (!refusing && !server.listening) server.listen(port, host);
    },
    dropConnections: drop,
    async close() {
      const gone = [...sockets].map((socket) => once(socket, 'close'));
      if (server.listening) server.close();
      drop();
      await Promise.all(gone);
    },
  };
}

function serve(socket: Socket, accepted: Connection, options: AmqpServerOptions): void {
  const connection = accepted as unknown as RheaConnection;
  const links = new Map<RheaSender | RheaReceiver, LinkHandler>();
  const end = (which: (session: RheaSession) => boolean): void => {
    for (const [link, handler] of links) {
      if (!which(link.session)) continue;
      links.delete(link);
      handler.closed();
    }
  };
  const endLink = (link: RheaSender | RheaReceiver): void => {
    const handler = links.get(link);
    links.delete(link);
    handler?.closed();
  };
  const keep = (link: RheaSender | RheaReceiver, handler: LinkHandler | undefined): void => {
    if (handler !== undefined) links.set(link, handler);
  };
  gatherWrites(socket);
  socket.once('close', () => {
    end(() => true);
    // A socket that is cut ends without an `end`, and rhea's heartbeat would go on.
    connection._disconnected();
  });
  connection.on('session_open', (c: { session: RheaSession }) => keepTransfersRaw(c.session));
  connection.on('sender_open', (c: { sender: RheaSender }) =>
    keep(c.sender, options.routes.clientReceives(c.sender)),
  );
  connection.on('receiver_open', (c: { receiver: RheaReceiver }) =>
    keep(c.receiver, options.routes.clientSends(c.receiver)),
  );
  connection.on('sender_close', (c: { sender: RheaSender }) => endLink(c.sender));
  connection.on('receiver_close', (c: { receiver: RheaReceiver }) => endLink(c.receiver));
  connection.on('session_close', (c: { session: RheaSession }) => end((session) => session === c.session));
  connection.on('connection_close', () => end(() => true));
  connection.on('disconnected', () => socket.destroy());
  for (const name of ['error', 'protocol_error']) connection.on(name, options.onError);
  for (const name of ['connection_error', 'session_error', 'sender_error', 'receiver_error']) {
    // What a client reports while it goes: the close that follows is what counts.
    connection.on(name, () => undefined);
  }
  connection.accept(socket);
}

/** Refuses an attach: a link without a terminus, detached with the error at once (AMQP 1.0, part 2.6.3). */
export function refuseLink(link: RheaSender | RheaReceiver, error: AmqpError): undefined {
  link.open();
  link.close({ condition: error.condition, description: error.description });
}

/** Holds the answer to an attach back until `link.open()`: rhea has asked for it before anybody is told of the link. */
export function postponeAttach(link: RheaSender): void {
  link.state.local_open = false;
  link.state.open_requests -= 1;
}
