import { randomUUID } from 'node:crypto';
import { listenAmqp } from '../protocol/amqp-server.ts';
import type { LocalCertificate } from '@dstream/stand-in-certificate';
import { systemClock, type BrokerClock } from '../protocol/broker-clock.ts';
import type { Entities } from './broker/entity-settings.ts';
import { Namespace } from './broker/namespace.ts';
import { newCounters, type Counters } from './context/counters.ts';
import { FaultState } from './context/fault-state.ts';
import { faultsOf, type Faults } from './faults.ts';
import {
  inspectEntities,
  inspectMessages,
  type InspectedEntity,
  type InspectedMessage,
} from './inspection.ts';
import type { LinkContext } from './context/link-context.ts';
import { OpenLinks } from '../protocol/open-links.ts';
import { connectionStringOf, standInKey } from '../protocol/shared-access-key.ts';
import { TokenGate } from '../protocol/token-gate.ts';
import { serviceBusRoutes } from './links/routes.ts';
import { serveAdministration } from './management/administration.ts';

export interface ServiceBusOptions {
  /** A free one without it. */
  readonly port?: number;
  readonly clock?: BrokerClock;
  /**
   * The parsed Config.json of the official emulator. With it, an entity that is not declared is refused. It is checked:
   * an Error names the place and what would be right.
   */
  readonly entities?: Entities;
  /** Bytes of a message to entities that come into being by being used: 256 KB without it. */
  readonly maxMessageBytes?: number;
  /** Of TLS, which the same port speaks. Without it one is made when the first client asks for TLS. */
  readonly certificate?: LocalCertificate | undefined;
  /** What went wrong while a frame was handled. Written to stderr without it. */
  readonly onError?: (error: unknown) => void;
}

/** How many there are now. */
export interface ServiceBusLevels {
  readonly openConnections: number;
  /** To entities, of all connections. */
  readonly openLinks: number;
  readonly sessionsLocked: number;
}

export interface ServiceBusStandIn extends Faults {
  readonly port: number;
  readonly connectionString: string;
  counters(): Readonly<Counters> & ServiceBusLevels;
  entities(): InspectedEntity[];
  /** Everything in a queue, subscription or dead-letter queue, in order. Throws a Refusal for an unknown address. */
  messages(address: string): InspectedMessage[];
  close(): Promise<void>;
}

/** A broker that speaks the part of Service Bus that its clients use, on the loopback address. */
export async function startServiceBus(options: ServiceBusOptions = {}): Promise<ServiceBusStandIn> {
  const clock = options.clock ?? systemClock;
  const counters = newCounters();
  const newToken = (): string => randomUUID().replaceAll('-', '');
  const { entities, maxMessageBytes } = options;
  const namespace = new Namespace({ clock, newToken, entities, maxMessageBytes });
  const faults = new FaultState();
  const links = new OpenLinks();
  const gate = new TokenGate(standInKey, clock);
  const context: LinkContext = { namespace, clock, counters, faults, links, gate, newMessageId: newToken };
  const server = await listenAmqp({
    port: options.port ?? 0,
    certificate: options.certificate,
    routes: serviceBusRoutes(context),
    onRequest: serveAdministration({ namespace, gate, refuses: () => faults.refusesManagement }),
    onConnection: () => (counters.connections += 1),
    onError: options.onError ?? ((error) => console.error('service bus stand-in:', error)),
  });
  const { close: closeFaults, ...injected } = faultsOf(server, context);
  return {
    ...injected,
    port: server.port,
    connectionString: connectionStringOf(server.port, standInKey),
    counters: () => ({
      ...counters,
      openConnections: server.connections,
      openLinks: links.size,
      sessionsLocked: sessionsLocked(namespace),
    }),
    entities: () => inspectEntities(namespace),
    messages: (address) => inspectMessages(namespace.known(address)),
    async close() {
      closeFaults();
      await server.close();
      namespace.close();
    },
  };
}

function sessionsLocked(namespace: Namespace): number {
  return namespace.queues().reduce((sum, queue) => sum + queue.sessions.held, 0);
}
