import { listenAmqp } from '../protocol/amqp-server.ts';
import type { LocalCertificate } from '@dstream/stand-in-certificate';
import { systemClock, type BrokerClock } from '../protocol/broker-clock.ts';
import { OpenLinks } from '../protocol/open-links.ts';
import { connectionStringOf, standInKey } from '../protocol/shared-access-key.ts';
import { TokenGate } from '../protocol/token-gate.ts';
import type { HubEntities } from './broker/hub-entities.ts';
import { Hubs } from './broker/hubs.ts';
import { newHubCounters, type HubCounters } from './context/counters.ts';
import { HubFaultState } from './context/fault-state.ts';
import { hubFaultsOf, type HubFaults } from './faults.ts';
import { inspectHub, type InspectedEvent } from './inspection.ts';
import type { HubLinkContext } from './context/hub-link-context.ts';
import { hubRoutes } from './links/hub-routes.ts';

export interface EventHubsOptions {
  /** A free one without it. */
  readonly port?: number;
  readonly clock?: BrokerClock;
  /**
   * The parsed Config.json of the official emulator. With it, a hub or consumer group that is not declared is refused.
   * It is checked: an Error names the place and what would be right.
   */
  readonly entities?: HubEntities;
  /** How long events are kept: an hour without it, the shortest that the service has. */
  readonly retentionMs?: number;
  /** Of TLS, which the same port speaks. Without it one is made when the first client asks for TLS. */
  readonly certificate?: LocalCertificate | undefined;
  /** What went wrong while a frame was handled. Written to stderr without it. */
  readonly onError?: (error: unknown) => void;
}

export interface EventHubsStandIn extends HubFaults {
  readonly port: number;
  readonly connectionString: string;
  counters(): Readonly<HubCounters> & { readonly openConnections: number };
  /** Names of the hubs there are. */
  hubs(): string[];
  /** Everything in a hub, partition by partition. Throws a Refusal for an unknown hub. */
  events(hub: string): InspectedEvent[];
  close(): Promise<void>;
}

/** "Azure Event Hubs quotas and limits": the shortest retention. */
const anHourMs = 3_600_000;

/** Hubs that speak the part of Event Hubs that its clients use, on the loopback address. */
export async function startEventHubs(options: EventHubsOptions = {}): Promise<EventHubsStandIn> {
  const clock = options.clock ?? systemClock;
  const { entities, retentionMs = anHourMs } = options;
  const counters = newHubCounters();
  const hubs = new Hubs({ clock, entities, retentionMs });
  const gate = new TokenGate(standInKey, clock);
  const faults = new HubFaultState();
  const context: HubLinkContext = { hubs, clock, counters, faults, gate, links: new OpenLinks() };
  const server = await listenAmqp({
    port: options.port ?? 0,
    certificate: options.certificate,
    routes: hubRoutes(context),
    onConnection: () => (counters.connections += 1),
    onError: options.onError ?? ((error) => console.error('event hubs stand-in:', error)),
  });
  const { close: closeFaults, ...injected } = hubFaultsOf(server, context);
  return {
    ...injected,
    port: server.port,
    connectionString: connectionStringOf(server.port, standInKey),
    counters: () => ({ ...counters, openConnections: server.connections }),
    hubs: () => hubs.all.map(({ name }) => name),
    events: (hub) => inspectHub(hubs.hub(hub)),
    async close() {
      closeFaults();
      await server.close();
    },
  };
}
