export {
  openClient,
  SendingConnections,
  type OpenSender,
  type SendingClient,
  type SendingConnectionsOptions,
  type ServiceBusAddress,
} from './connections.ts';
export { ServiceBusTopic, type ServiceBusTopicOptions } from './service-bus-topic.ts';
export { translateError, type ErrorContext } from './translate-error.ts';
