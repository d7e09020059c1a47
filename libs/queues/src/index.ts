/** The kinds of queue that DStream has between ingester and processor. The first is the default. To add one: README.md. */
import type { QueueTypes } from '@dstream/config/schema';
import { directType } from '@dstream/direct/type';
import { serviceBusQueueType } from '@dstream/service-bus-queue/type';

export const queueTypes: QueueTypes = [serviceBusQueueType, directType];
