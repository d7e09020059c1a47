import { brokerDestinationKeys, readBrokerDestination } from '../broker-destination.ts';
import { eventHubNames } from '../destination-name.ts';
import { definePublisher } from '../publisher-type.ts';

export const eventHubsType = definePublisher({
  type: 'azure_event_hubs',
  doc: 'Event hubs.',
  keys: brokerDestinationKeys(eventHubNames),
  settings: readBrokerDestination,
});
