import type { AmqpServer } from '../protocol/amqp-server.ts';
import { connectionFaultsOf, type ConnectionFaults } from '../protocol/connection-faults.ts';
import type { HubLinkContext } from './context/hub-link-context.ts';
import { internalError } from './broker/refusals.ts';

/** Faults that can be switched on from outside. Addresses are those of links: `hub`, `hub/Partitions/0`, … */
export interface HubFaults extends ConnectionFaults {
  /** Refuses the next transfers with com.microsoft:server-busy. */
  serverBusy(sends: number): void;
  /** From now on transfers are looked at, and answered, so much later; 0 ends it. */
  delaySends(ms: number): void;
  /** Refuses the next transfers: amqp:internal-error without a condition. */
  refuseSends(count: number, condition?: string): void;
  /** Stores the next transfers, and cuts their connections instead of answering. */
  loseReplies(count: number): void;
  /** Ends every fault that lasts. */
  clear(): void;
}

export function hubFaultsOf(
  server: AmqpServer,
  context: HubLinkContext,
): HubFaults & { readonly close: () => void } {
  const { faults } = context;
  const ofConnections = connectionFaultsOf(server, context);
  return {
    ...ofConnections,
    serverBusy: (sends) => (faults.serverBusySends = sends),
    delaySends: (ms) => (faults.sendDelayMs = ms),
    refuseSends(count, condition = 'amqp:internal-error') {
      faults.sendRefusals = count;
      faults.sendError = internalError(condition);
    },
    loseReplies: (count) => (faults.lostReplies = count),
    clear() {
      faults.clear();
      ofConnections.refuseConnections(0);
    },
  };
}
