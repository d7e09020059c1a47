/** Every client, in the order in which they run. */
import type { ForeignClient } from './foreign-client.ts';
import { go, python } from './languages.ts';
import { messagingClient } from './messaging-client.ts';

export const clients: readonly ForeignClient[] = [
  messagingClient('python/servicebus', python),
  messagingClient('python/eventhub', python),
  messagingClient('go/azservicebus', go),
  messagingClient('go/azeventhubs', go),
];
