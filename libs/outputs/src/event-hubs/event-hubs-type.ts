import { defineOutput } from '@dstream/config/schema';
import {
  addressOf,
  brokerDestinationKeys,
  namesOf,
  readBrokerDestination,
} from '../destinations/broker-settings.ts';
import { plannedNames, eventHubNames } from '../destinations/destination-name.ts';

/** `output { type = "azure_event_hubs" }`. */
export const eventHubsType = defineOutput({
  type: 'azure_event_hubs',
  doc: 'Hubs of Event Hubs.',
  keys: brokerDestinationKeys(eventHubNames),
  settings: readBrokerDestination,
  carries: () => ({ attributes: true, keys: true }),
  names: ({ name }, hash) => plannedNames(name, eventHubNames, hash),
  open: async ({ connection, ...destination }, services) => {
    const { eventHubsPublisher } = await import('./event-hubs-publisher.ts');
    return eventHubsPublisher({
      ...services,
      ...namesOf(destination, eventHubNames, services.hash),
      maxOpen: destination.maxOpen,
      sendTimeoutMs: services.timeoutMs,
      address: addressOf(connection, services.credential),
    });
  },
  async *checks({ connection, name }, services, o) {
    const { checkEventHubs } = await import('./check-event-hubs.ts');
    const address = addressOf(connection, services.credential);
    yield* checkEventHubs({ address, name, clock: services.clock }, o);
  },
});
