import type { BrokerClock } from '../../protocol/broker-clock.ts';
import type { Namespace } from '../broker/namespace.ts';
import type { Counters } from './counters.ts';
import type { FaultState } from './fault-state.ts';
import type { OpenLinks } from '../../protocol/open-links.ts';
import type { TokenGate } from '../../protocol/token-gate.ts';

/** What every link of the server works with. */
export interface LinkContext {
  readonly namespace: Namespace;
  readonly clock: BrokerClock;
  readonly counters: Counters;
  readonly faults: FaultState;
  readonly links: OpenLinks;
  readonly gate: TokenGate;
  /** An id for a message that came without one. */
  readonly newMessageId: () => string;
}
