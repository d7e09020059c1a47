export { ServiceBusSubscription, type ServiceBusSubscriptionOptions } from './service-bus-subscription.ts';
