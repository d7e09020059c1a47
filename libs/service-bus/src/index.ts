export {
  openClient,
  SendingConnections,
  type OpenSender,
  type SendingClient,
  type SendingConnectionsOptions,
  type ServiceBusAddress,
} from './connections.ts';
export { readSettings, type Unreadable } from './administration.ts';
export {
  durationMs,
  judgeCommon,
  neverMs,
  unreadable,
  type CommonSettings,
  type SettingsSubject,
} from './entity-settings.ts';
export { checkSending, judgeSending, noAnswer, tryLink, type SendingCheckOptions } from './check-sending.ts';
export { checkTopic, type TopicCheckOptions } from './check-topic.ts';
export { ServiceBusTopic, type ServiceBusTopicOptions } from './service-bus-topic.ts';
export { translateError, type ErrorContext } from './translate-error.ts';
