import type { QueueTypes } from '@dstream/config/schema';
import { directType } from '@dstream/direct/type';
import { serviceBusQueueType } from '@dstream/service-bus-queue/type';

/** The kinds of queue between ingester and processor, for the configuration. The first is the default. To add one: README.md. */
export const queueTypes: QueueTypes = [serviceBusQueueType, directType];
