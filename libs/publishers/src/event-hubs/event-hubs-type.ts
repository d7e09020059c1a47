import { brokerDestinationKeys, readBrokerDestination } from '../broker-destination.ts';
import { definePublisher } from '../publisher-type.ts';

export const eventHubsType = definePublisher({
  type: 'azure_event_hubs',
  doc: 'Event hubs.',
  keys: brokerDestinationKeys,
  settings: readBrokerDestination,
});
