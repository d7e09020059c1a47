export { DirectQueue, type DirectQueueOptions } from './direct-queue.ts';
export { DirectSubscription, type DirectSubscriptionOptions } from './direct-subscription.ts';
export { DirectTopic } from './direct-topic.ts';
