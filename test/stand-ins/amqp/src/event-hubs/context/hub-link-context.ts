import type { BrokerClock } from '../../protocol/broker-clock.ts';
import type { OpenLinks } from '../../protocol/open-links.ts';
import type { TokenGate } from '../../protocol/token-gate.ts';
import type { Hubs } from '../broker/hubs.ts';
import type { HubCounters } from './counters.ts';
import type { HubFaultState } from './fault-state.ts';

/** What every link of the server works with. */
export interface HubLinkContext {
  readonly hubs: Hubs;
  readonly clock: BrokerClock;
  readonly counters: HubCounters;
  readonly faults: HubFaultState;
  readonly links: OpenLinks;
  readonly gate: TokenGate;
}
