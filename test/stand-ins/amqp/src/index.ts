export { type Entities, busEntitiesOf, hubEntitiesOf } from './entities.ts';
export { newHubCounters } from './event-hubs/context/counters.ts';
export type { HubFaults } from './event-hubs/faults.ts';
export { type EventHubsStandIn, startEventHubs } from './event-hubs/event-hubs-server.ts';
export { EntitiesInvalid, readEntities } from './read-entities.ts';
export type { Faults as ServiceBusFaults } from './service-bus/faults.ts';
export { newCounters } from './service-bus/context/counters.ts';
export { type ServiceBusStandIn, startServiceBus } from './service-bus/service-bus-server.ts';
