/** What every Subscription promises (libs/core/src/subscription.ts). */
import type { Broker } from '../support/broker.ts';
import { sessionsContract } from './subscription-with-sessions.ts';
import { plainSubscriptionContract } from './subscription-without-sessions.ts';

export function subscriptionContract(name: string, open: () => Promise<Broker>): void {
  sessionsContract(name, open);
  plainSubscriptionContract(name, open);
}
