import { pack, withDefault } from '@dstream/config/schema';
import { brokerDestinationKeys, readBrokerDestination } from '../broker-destination.ts';
import { serviceBusNames } from '../destination-name.ts';
import { definePublisher } from '../publisher-type.ts';

export const serviceBusType = definePublisher({
  type: 'azure_service_bus',
  doc: 'Topics or queues of Service Bus.',
  keys: {
    ...brokerDestinationKeys(serviceBusNames),
    pack: withDefault(pack, 1, 'As in the topic of the ingester.'),
  },
  settings: (reading, findings) => ({
    ...readBrokerDestination(reading, findings),
    pack: reading.values.pack,
  }),
});
