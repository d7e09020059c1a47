export type { ServiceBusAddress } from './address.ts';
export { openClient } from './address.ts';
export { CallLimit } from './call-limit.ts';
export { allClosed, close } from './closing.ts';
export { ConnectionWatch } from './connection-watch.ts';
export { InTurn } from './in-turn.ts';
export { withoutDelay } from './no-delay.ts';
export {
  SendingConnections,
  type SendingClient,
  type SendingConnectionsOptions,
} from './sending-connections.ts';
export { ServiceBusSubscription, type ServiceBusSubscriptionOptions } from './service-bus-subscription.ts';
export { ServiceBusTopic, type OpenSender, type ServiceBusTopicOptions } from './service-bus-topic.ts';
export { unlessAborted } from './time-limit.ts';
export { proxyHint, translateError, type ErrorContext } from './translate-error.ts';
export { transportOptions, type Transport } from './web-sockets.ts';
