import type { AmqpServer } from '../protocol/amqp-server.ts';
import { connectionFaultsOf, type ConnectionFaults } from '../protocol/connection-faults.ts';
import { Refusal } from '../protocol/refusal.ts';
import type { LinkContext } from './context/link-context.ts';

/** Faults that can be switched on from outside. Addresses are `queue`, `topic/Subscriptions/name`, with `/$DeadLetterQueue`. */
export interface Faults extends ConnectionFaults {
  /** Refuses the next transfers with com.microsoft:server-busy. */
  serverBusy(sends: number): void;
  /** Accepts the next transfers, and cuts their connections instead of answering. */
  loseReplies(count: number): void;
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
  /** Sends to it are refused as at its quota. */
  setFull(entity: string, full: boolean): void;
  /** Nothing is delivered, whatever the credit: the receiver that silently stops. */
  setSilent(address: string, silent: boolean): void;
  /** The administration API answers as to a key without the right to Manage. */
  refuseManagement(refusing: boolean): void;
  /** Ends every fault that lasts. */
  clear(): void;
}

export function faultsOf(server: AmqpServer, context: LinkContext): Faults & { readonly close: () => void } {
  const { faults, namespace } = context;
  const ofConnections = connectionFaultsOf(server, context);
  return {
    ...ofConnections,
    serverBusy: (sends) => (faults.serverBusySends = sends),
    loseReplies: (count) => (faults.lostReplies = count),
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
    refuseManagement: (refusing) => (faults.refusesManagement = refusing),
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
      ofConnections.refuseConnections(0);
      for (const entity of namespace.entities) entity.full = false;
      for (const queue of namespace.queues()) {
        queue.silent = false;
        queue.dispatchEverything();
      }
    },
  };
}
