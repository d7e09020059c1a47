import { internalError } from '../broker/refusals.ts';
import type { Refusal } from '../../protocol/refusal.ts';

/** Faults that are switched on. Producers' links look here before they act. */
export class HubFaultState {
  /** So many transfers are refused with server-busy. */
  serverBusySends = 0;
  /** Milliseconds before a transfer is looked at, and so before it is answered. */
  sendDelayMs = 0;
  /** So many transfers are refused with this condition. */
  sendRefusals = 0;
  sendError: Refusal = internalError('amqp:internal-error');
  /** So many transfers are stored, and their connection is cut instead of an answer. */
  lostReplies = 0;

  clear(): void {
    this.serverBusySends = 0;
    this.sendDelayMs = 0;
    this.sendRefusals = 0;
    this.lostReplies = 0;
  }
}
