export { openClient, type ServiceBusAddress } from './address.ts';
export {
  SendingConnections,
  type SendingClient,
  type SendingConnectionsOptions,
} from './sending-connections.ts';
export { ServiceBusTopic, type OpenSender, type ServiceBusTopicOptions } from './service-bus-topic.ts';
export { translateError, type ErrorContext } from './translate-error.ts';
