import { defineOutput, pack, withDefault } from '@dstream/config/schema';
import type { PackLimits } from '@dstream/core';
import {
  addressOf,
  brokerDestinationKeys,
  namesOf,
  readBrokerDestination,
} from '../destinations/broker-settings.ts';
import { plannedNames, serviceBusNames } from '../destinations/destination-name.ts';

/** `pack = 1` and, as the topic of the ingester has it by default, `pack = "auto"` (docs/configuration.md, "Topic and subscription"). */
const packLimits: Readonly<Record<'auto' | 1, PackLimits>> = {
  auto: { maxBytes: 131_072, maxChanges: 500 },
  1: { maxBytes: 131_072, maxChanges: 1 },
};

/** `output { type = "azure_service_bus" }`. */
export const serviceBusType = defineOutput({
  type: 'azure_service_bus',
  doc: 'Queues or topics of Service Bus.',
  keys: {
    ...brokerDestinationKeys(serviceBusNames),
    pack: withDefault(
      pack,
      1,
      'Changes per message: 1 sends one change per message, "auto" packs consecutive changes of a session.',
    ),
  },
  settings: (reading, findings) => ({
    ...readBrokerDestination(reading, findings),
    pack: reading.values.pack,
  }),
  carries: (settings) => ({
    attributes:
      settings.pack === 1 || 'a message of several changes has no attributes of each; write pack = 1',
  }),
  names: ({ name }, hash) => plannedNames(name, serviceBusNames, hash),
  open: async ({ connection, pack: packing, ...destination }, services) => {
    const { serviceBusPublisher } = await import('./service-bus-publisher.ts');
    return serviceBusPublisher({
      ...services,
      ...namesOf(destination, serviceBusNames, services.hash),
      maxOpen: destination.maxOpen,
      sendTimeoutMs: services.timeoutMs,
      address: addressOf(connection, services.credential),
      limits: packLimits[packing],
    });
  },
  async *checks({ connection, name }, services, o) {
    const { checkServiceBusOutput } = await import('./check-service-bus.ts');
    const address = addressOf(connection, services.credential);
    yield* checkServiceBusOutput({ address, name, clock: services.clock }, o);
  },
});
