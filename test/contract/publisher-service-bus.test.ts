import { realServiceBus } from '../support/endpoints.ts';
import { openServiceBusDestination, openStandInDestination } from '../support/service-bus-destination.ts';
import { publisherContract } from './publisher.ts';

const packed = { limits: { maxBytes: 131_072, maxChanges: 500 } };

publisherContract('Service Bus stand-in', openStandInDestination);
publisherContract('Service Bus stand-in, packed', (changes) => openStandInDestination(changes, packed));

const real = realServiceBus();
if (real !== undefined) {
  publisherContract('Service Bus', async (changes) => openServiceBusDestination(real, changes));
}
