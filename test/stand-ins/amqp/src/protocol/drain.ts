import type { RheaSender } from './rhea-internals.ts';

/** rhea answers a drain only when there is credit left to give back; without an answer the client waits for its timeout. */
export function answerDrainWithoutCredit(link: RheaSender): void {
  link._get_drain = () => {
    if (!link._draining || !link._drained) return false;
    link.delivery_count += link.credit;
    link.credit = 0;
    return true;
  };
}

/** Credit less what is queued in the library, and never more than its ring of deliveries can hold. */
export function capacityOf(link: RheaSender): number {
  if (!link.is_open()) return 0;
  const { outgoing } = link.session;
  const unsent = outgoing.next_delivery_id - outgoing.next_pending_delivery;
  return Math.min(link.credit - unsent, outgoing.available());
}
