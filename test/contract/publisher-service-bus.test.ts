import { realServiceBus } from '../support/endpoints.ts';
import { enveloped, envelopes } from '../support/enveloped-rig.ts';
import { openServiceBusDestination, openStandInDestination } from '../support/service-bus-destination.ts';
import { publisherContract } from './publisher.ts';

const packed = { limits: { maxBytes: 131_072, maxChanges: 500 } };

publisherContract('Service Bus stand-in', openStandInDestination);
publisherContract('Service Bus stand-in, packed', (changes) => openStandInDestination(changes, packed));
publisherContract('Service Bus stand-in, in binary CloudEvents', async (changes) =>
  enveloped(await openStandInDestination(changes), envelopes.binary()),
);
publisherContract('Service Bus stand-in, packed, in structured CloudEvents', async (changes) =>
  enveloped(await openStandInDestination(changes, packed), envelopes.structured()),
);

const real = realServiceBus();
if (real !== undefined) {
  publisherContract('Service Bus', async (changes) => openServiceBusDestination(real, changes));
}
