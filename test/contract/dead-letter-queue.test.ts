import { realServiceBus } from '../support/endpoints.ts';
import { openInMemoryBroker } from '../support/in-memory-broker.ts';
import { openServiceBusBroker, openStandInBroker } from '../support/service-bus-broker.ts';
import { deadLetterQueueContract } from './dead-letter-queue.ts';

const real = realServiceBus();
for (const wish of [{ sessions: true }, { sessions: false }]) {
  deadLetterQueueContract('in memory', openInMemoryBroker, wish);
  deadLetterQueueContract('Service Bus stand-in', openStandInBroker, wish);
  if (real !== undefined)
    deadLetterQueueContract('Service Bus', async () => openServiceBusBroker(real), wish);
}
