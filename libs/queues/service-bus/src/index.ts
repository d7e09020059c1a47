export { ServiceBusDeadLetterQueue, type ServiceBusDeadLetterQueueOptions } from './dead-letter-queue.ts';
export { ServiceBusSubscription, type ServiceBusSubscriptionOptions } from './service-bus-subscription.ts';
