import type { AmqpServer } from '../amqp/amqp-server.ts';
import { Refusal } from '../amqp/refusal.ts';
import type { HubLinkContext } from './links/hub-link-context.ts';
import { internalError } from './refusals.ts';

/** Faults that can be switched on from outside. Addresses are those of links: `hub`, `hub/Partitions/0`, … */
export interface HubFaults {
  /** Cuts every connection without a word. Answers how many. */
  dropConnections(): number;
  /** Refuses new connections for so many milliseconds; 0 ends it. What is connected stays. */
  refuseConnections(forMs: number): void;
  /** Refuses the next transfers with com.microsoft:server-busy. */
  serverBusy(sends: number): void;
  /** From now on transfers are looked at, and answered, so much later; 0 ends it. */
  delaySends(ms: number): void;
  /** Refuses the next transfers: amqp:internal-error without a condition. */
  refuseSends(count: number, condition?: string): void;
  /** Stores the next transfers, and cuts their connections instead of answering. */
  loseReplies(count: number): void;
  /** Detaches the links of an address, or all but `$cbs` and `$management`. Answers how many. */
  detachLinks(address?: string, condition?: string): number;
  /** Ends every fault that lasts. */
  clear(): void;
}

export function hubFaultsOf(
  server: AmqpServer,
  { faults, links, clock }: HubLinkContext,
): HubFaults & { readonly close: () => void } {
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
    serverBusy: (sends) => (faults.serverBusySends = sends),
    delaySends: (ms) => (faults.sendDelayMs = ms),
    refuseSends(count, condition = 'amqp:internal-error') {
      faults.sendRefusals = count;
      faults.sendError = internalError(condition);
    },
    loseReplies: (count) => (faults.lostReplies = count),
    detachLinks: (address, condition = 'amqp:link:detach-forced') =>
      links.detach(address, new Refusal(condition, 'The link was detached: a fault was injected.')),
    clear() {
      faults.clear();
      refuse(0);
    },
    close: () => endRefusing?.(),
  };
}
