import { createServer, type AddressInfo, type Socket } from 'node:net';
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import rhea, { type ConnectionOptions } from 'rhea';
import type { AmqpRoutes } from './amqp-routes.ts';
import { makeLocalCertificate, type LocalCertificate } from '@dstream/stand-in-certificate';
import type { RheaConnection } from './rhea-internals.ts';
import { serveConnection } from './serve-connection.ts';
import { Transports } from './transports.ts';

export interface AmqpServerOptions {
  readonly port: number;
  readonly routes: AmqpRoutes;
  /** Of TLS. Without it one is made when the first client asks for TLS. */
  readonly certificate?: LocalCertificate | undefined;
  /** Answers plain HTTP requests to the same port. */
  readonly onRequest?: RequestListener;
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
  session_buffer_size: { incoming: 2048, outgoing: 16_384 },
  sender_options: { autosettle: false, treat_modified_as_released: false },
  receiver_options: { autosettle: false, autoaccept: false, credit_window: 1000 },
};

export async function listenAmqp(options: AmqpServerOptions): Promise<AmqpServer> {
  const container = rhea.create_container({ id: 'dstream-stand-in' });
  const sockets = new Set<Socket>();
  const { certificate } = options;
  const transports = new Transports({
    certificate: () => (certificate === undefined ? makeLocalCertificate() : Promise.resolve(certificate)),
    onError: options.onError,
    onRequest: options.onRequest,
    onStream(stream) {
      const connection = container.create_connection(connectionOptions as unknown as ConnectionOptions);
      serveConnection(stream, connection as unknown as RheaConnection, options);
    },
  });
  const server = createServer({ noDelay: true }, (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    options.onConnection();
    transports.accept(socket);
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
