export type { ServiceBusAddress } from './address.ts';
export { openClient } from './address.ts';
export { withoutDelay } from './no-delay.ts';
export { ServiceBusSubscription, type ServiceBusSubscriptionOptions } from './service-bus-subscription.ts';
export { ServiceBusTopic, type ServiceBusTopicOptions } from './service-bus-topic.ts';
export { translateError, type ErrorContext } from './translate-error.ts';
