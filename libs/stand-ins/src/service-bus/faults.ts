import type { AmqpServer } from '../amqp/amqp-server.ts';
import { Refusal } from '../amqp/refusal.ts';
import type { LinkContext } from './links/link-context.ts';

/** Faults that can be switched on from outside. Addresses are `queue`, `topic/Subscriptions/name`, with `/$DeadLetterQueue`. */
export interface Faults {
  /** Cuts every connection without a word. Answers how many. */
  dropConnections(): number;
  /** Refuses new connections for so many milliseconds; 0 ends it. What is connected stays. */
  refuseConnections(forMs: number): void;
  /** Refuses the next transfers with com.microsoft:server-busy. */
  serverBusy(sends: number): void;
  /** From now on transfers are looked at, and answered, so much later; 0 ends it. */
  delaySends(ms: number): void;
  /** The same for settlements. */
  delaySettlements(ms: number): void;
  /** Refuses the next settlements and leaves the messages locked. amqp:internal-error without a condition. */
  refuseSettlements(count: number, condition?: string): void;
  /** The session's lock runs out now. False when nobody holds it. */
  expireSessionLock(address: string, sessionId: string): boolean;
  /** Locks of messages run out now: of one message by its sequence number, or of all. Answers how many. */
  expireMessageLocks(address: string, sequence?: number): number;
  /** Detaches the links of an address, or all but `$cbs` and `$management`. Answers how many. */
  detachLinks(address?: string, condition?: string): number;
  /** Sends to it are refused as at its quota. */
  setFull(entity: string, full: boolean): void;
  /** Nothing is delivered, whatever the credit: the receiver that silently stops. */
  setSilent(address: string, silent: boolean): void;
  /** Ends every fault that lasts. */
  clear(): void;
}

export function faultsOf(server: AmqpServer, context: LinkContext): Faults & { readonly close: () => void } {
  const { faults, namespace, links, clock } = context;
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
    delaySettlements: (ms) => (faults.settlementDelayMs = ms),
    refuseSettlements(count, condition = 'amqp:internal-error') {
      faults.settlementRefusals = count;
      faults.settlementError = new Refusal(condition, 'The settlement failed: a fault was injected.');
    },
    expireSessionLock(address, sessionId) {
      const queue = namespace.known(address);
      const hold = queue.sessions.find(sessionId)?.hold;
      if (hold !== undefined) queue.expireSession(hold);
      return hold !== undefined;
    },
    expireMessageLocks(address, sequence) {
      const queue = namespace.known(address);
      const locks = queue.locks
        .all()
        .filter(({ message }) => sequence === undefined || message.sequence === sequence);
      for (const lock of locks) queue.expireLock(lock);
      return locks.length;
    },
    detachLinks: (address, condition = 'amqp:link:detach-forced') =>
      links.detach(address, new Refusal(condition, 'The link was detached: a fault was injected.')),
    setFull(entity, full) {
      namespace.sendTarget(entity).full = full;
    },
    setSilent(address, silent) {
      const queue = namespace.known(address);
      queue.silent = silent;
      if (!silent) queue.dispatchEverything();
    },
    clear() {
      faults.clear();
      refuse(0);
      for (const entity of namespace.entities) entity.full = false;
      for (const queue of namespace.queues()) {
        queue.silent = false;
        queue.dispatchEverything();
      }
    },
    close: () => endRefusing?.(),
  };
}
