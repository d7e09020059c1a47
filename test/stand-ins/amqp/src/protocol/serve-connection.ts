import type { Duplex } from 'node:stream';
import type { AmqpRoutes, LinkHandler } from './amqp-routes.ts';
import { echoAttach } from './attach.ts';
import { gatherWrites } from './gather-writes.ts';
import { keepTransfersRaw } from './raw-transfers.ts';
import { writeWholeFrames } from './whole-frames.ts';
import type { RheaConnection, RheaReceiver, RheaSender, RheaSession } from './rhea-internals.ts';

type Link = RheaSender | RheaReceiver;

export interface ServeOptions {
  readonly routes: AmqpRoutes;
  readonly onError: (error: unknown) => void;
}

/** The handlers of the links of one connection: each is told once that its link is closed, however that came about. */
class ConnectionLinks {
  readonly #handlers = new Map<Link, LinkHandler>();

  add(link: Link, handler: LinkHandler | undefined): void {
    if (handler !== undefined) this.#handlers.set(link, handler);
  }

  close(link: Link): void {
    const handler = this.#handlers.get(link);
    this.#handlers.delete(link);
    handler?.closed();
  }

  closeAll(of?: RheaSession): void {
    for (const link of this.#handlers.keys()) if (of === undefined || link.session === of) this.close(link);
  }
}

/** Serves one accepted socket until it closes. */
export function serveConnection(socket: Duplex, connection: RheaConnection, options: ServeOptions): void {
  const links = new ConnectionLinks();
  gatherWrites(socket);
  writeWholeFrames(connection);
  forgiveLateDetaches(connection);
  routeLinks(connection, links, options.routes);
  connection.on('connection_close', () => links.closeAll());
  connection.on('disconnected', () => socket.destroy());
  socket.once('close', () => {
    links.closeAll();
    // A socket that is cut ends without an `end`, and rhea's heartbeat would go on.
    connection._disconnected();
  });
  for (const name of ['error', 'protocol_error']) connection.on(name, options.onError);
  for (const name of ['connection_error', 'session_error', 'sender_error', 'receiver_error']) {
    // What a client reports while it goes: the close that follows is what counts.
    connection.on(name, () => undefined);
  }
  connection.accept(socket);
}

/** Some clients end a session and detach its links afterwards: these ended with it. rhea would close the connection. */
function forgiveLateDetaches(connection: RheaConnection): void {
  const onDetach = connection.on_detach.bind(connection);
  connection.on_detach = (frame) => {
    if (connection.remote_channel_map[frame.channel] !== undefined) onDetach(frame);
  };
}

function routeLinks(connection: RheaConnection, links: ConnectionLinks, routes: AmqpRoutes): void {
  connection.on('session_open', ({ session }: { session: RheaSession }) => keepTransfersRaw(session));
  connection.on('session_close', ({ session }: { session: RheaSession }) => links.closeAll(session));
  connection.on('sender_open', ({ sender }: { sender: RheaSender }) => {
    echoAttach(sender);
    links.add(sender, routes.clientReceives(sender));
  });
  connection.on('receiver_open', ({ receiver }: { receiver: RheaReceiver }) => {
    echoAttach(receiver);
    links.add(receiver, routes.clientSends(receiver));
  });
  connection.on('sender_close', ({ sender }: { sender: RheaSender }) => links.close(sender));
  connection.on('receiver_close', ({ receiver }: { receiver: RheaReceiver }) => links.close(receiver));
}
