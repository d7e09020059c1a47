import { openDirectBroker, sentAgain } from '../support/direct-broker.ts';
import { realServiceBus } from '../support/endpoints.ts';
import { openInMemoryBroker } from '../support/in-memory-broker.ts';
import { openServiceBusBroker, openStandInBroker } from '../support/service-bus-broker.ts';
import { subscriptionContract } from './subscription.ts';
import { sessionsContract } from './subscription-with-sessions.ts';

subscriptionContract('in memory', openInMemoryBroker);
// It always has sessions: the suite without them is not for it.
sessionsContract('direct queue', async () => sentAgain(await openDirectBroker()));
subscriptionContract('Service Bus stand-in', openStandInBroker);

const real = realServiceBus();
if (real !== undefined) subscriptionContract('Service Bus', async () => openServiceBusBroker(real));
