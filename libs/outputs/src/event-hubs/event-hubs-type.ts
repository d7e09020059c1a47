import { defineOutput } from '@dstream/config/schema';
import { brokerDestinationKeys, readBrokerDestination } from '../destinations/broker-destination.ts';
import { destinationNames, eventHubNames } from '../destinations/destination-name.ts';
import { addressOf, namesOf } from '../destinations/broker-options.ts';

export const eventHubsType = defineOutput({
  type: 'azure_event_hubs',
  doc: 'Hubs of Event Hubs.',
  keys: brokerDestinationKeys(eventHubNames),
  settings: readBrokerDestination,
  names: ({ name }, hash) => destinationNames(name, eventHubNames, hash),
  open: async ({ connection, name }, services) => {
    const { eventHubsPublisher } = await import('./event-hubs-publisher.ts');
    return eventHubsPublisher({
      ...services,
      ...namesOf(name, eventHubNames, services.hash),
      address: addressOf(connection, services.credential),
    });
  },
});
