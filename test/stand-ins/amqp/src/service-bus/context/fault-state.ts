import { Refusal } from '../../protocol/refusal.ts';

/** Faults that are switched on. Links look here before they act. */
export class FaultState {
  /** So many transfers are refused with server-busy. */
  serverBusySends = 0;
  /** The answers of so many accepted transfers are lost, with their connections. */
  lostReplies = 0;
  /** Milliseconds before a transfer is looked at, and so before it is answered. */
  sendDelayMs = 0;
  /** Milliseconds before a settlement is looked at. */
  settlementDelayMs = 0;
  /** So many settlements are refused with this error and leave the message locked. */
  settlementRefusals = 0;
  settlementError = new Refusal('amqp:internal-error', 'The settlement failed: a fault was injected.');

  /** Nobody has the right to Manage: the administration API answers 401. */
  refusesManagement = false;

  clear(): void {
    this.refusesManagement = false;
    this.serverBusySends = 0;
    this.lostReplies = 0;
    this.sendDelayMs = 0;
    this.settlementDelayMs = 0;
    this.settlementRefusals = 0;
  }

  takeServerBusy(): boolean {
    if (this.serverBusySends <= 0) return false;
    this.serverBusySends -= 1;
    return true;
  }

  takeLostReply(): boolean {
    if (this.lostReplies <= 0) return false;
    this.lostReplies -= 1;
    return true;
  }

  takeSettlementRefusal(): Refusal | undefined {
    if (this.settlementRefusals <= 0) return undefined;
    this.settlementRefusals -= 1;
    return this.settlementError;
  }
}
