import type { AmqpServer } from './amqp-server.ts';
import type { BrokerClock } from './broker-clock.ts';
import type { OpenLinks } from './open-links.ts';
import { Refusal } from './refusal.ts';

/** Faults of connections and links, the same in every service that speaks AMQP. */
export interface ConnectionFaults {
  /** Cuts every connection without a word. Answers how many. */
  dropConnections(): number;
  /** Refuses new connections for so many milliseconds; 0 ends it. What is connected stays. */
  refuseConnections(forMs: number): void;
  /** Detaches the links of an address, or all but `$cbs` and `$management`. Answers how many. */
  detachLinks(address?: string, condition?: string): number;
}

export function connectionFaultsOf(
  server: AmqpServer,
  { links, clock }: { readonly links: OpenLinks; readonly clock: BrokerClock },
): ConnectionFaults & { readonly close: () => void } {
  let endRefusing: (() => void) | undefined;
  const refuse = (forMs: number): void => {
    endRefusing?.();
    endRefusing = undefined;
    server.refuse(forMs > 0);
    if (forMs > 0) endRefusing = clock.setTimer(forMs, () => refuse(0));
  };
  return {
    dropConnections: () => server.dropConnections(),
    refuseConnections: refuse,
    detachLinks: (address, condition = 'amqp:link:detach-forced') =>
      links.detach(address, new Refusal(condition, 'The link was detached: a fault was injected.')),
    close: () => endRefusing?.(),
  };
}
