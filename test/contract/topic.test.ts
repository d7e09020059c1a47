import { openDirectBroker } from '../support/direct-broker.ts';
import { realServiceBus } from '../support/endpoints.ts';
import { openInMemoryBroker } from '../support/in-memory-broker.ts';
import { openServiceBusBroker, openStandInBroker } from '../support/service-bus-broker.ts';
import { topicContract } from './topic.ts';

topicContract('in memory', openInMemoryBroker);
topicContract('direct queue', openDirectBroker);
topicContract('Service Bus stand-in', openStandInBroker);

const real = realServiceBus();
if (real !== undefined) topicContract('Service Bus', async () => openServiceBusBroker(real));
