/** Every client, in the order in which they run. */
import { debeziumClient } from './debezium-client.ts';
import type { ForeignClient } from './foreign-client.ts';
import { go, java, python } from './languages.ts';
import { messagingClient } from './messaging-client.ts';
import { sqlClient } from './sql-client.ts';

export const clients: readonly ForeignClient[] = [
  messagingClient('python/servicebus', python),
  messagingClient('python/eventhub', python),
  messagingClient('go/azservicebus', go),
  messagingClient('go/azeventhubs', go),
  sqlClient('python/pymssql', python, 'mssql'),
  sqlClient('go/go-mssqldb', go, 'mssqldb'),
  sqlClient('java/mssql-jdbc', java, 'mssql-jdbc'),
  debeziumClient,
];
