import { realServiceBus } from '../support/endpoints.ts';
import { openInMemoryBroker } from '../support/in-memory-broker.ts';
import { openServiceBusBroker, openStandInBroker } from '../support/service-bus-broker.ts';
import { subscriptionContract } from './subscription.ts';

subscriptionContract('in memory', openInMemoryBroker);
subscriptionContract('Service Bus stand-in', openStandInBroker);

const real = realServiceBus();
if (real !== undefined) subscriptionContract('Service Bus', async () => openServiceBusBroker(real));
