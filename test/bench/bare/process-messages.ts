/**
 * The bare processing loop: the SDK hands out the messages of every session, 16 at a time; each is parsed once, its
 * changes go to the destination, and when that has them the message is completed.
 */
import { ServiceBusClient, type ServiceBusSessionReceiver } from '@azure/service-bus';
import { openDestination, type BareDestination } from './destinations.ts';
import { givenOptions } from './report.ts';

export interface ProcessMessagesOptions {
  readonly connectionString: string;
  readonly topic: string;
  readonly subscription: string;
  readonly sessions: readonly string[];
  readonly destination: BareDestination;
}

/** What our processor hands out of a session at a time. */
const inFlight = 16;

/** Bodies stay bytes: they are JSON Lines. */
const raw = { skipParsingBodyAsJson: true };

const { connectionString, topic, subscription, sessions, destination } =
  givenOptions() as ProcessMessagesOptions;
const write = await openDestination(destination);
const client = new ServiceBusClient(connectionString);
await Promise.all(
  sessions.map(async (id) => receive(await client.acceptSession(topic, subscription, id, raw))),
);

function receive(receiver: ServiceBusSessionReceiver): void {
  receiver.subscribe(
    {
      processMessage: async (message) => {
        const lines = (message.body as Buffer).toString('utf8').split('\n');
        const events = lines.map((line) => JSON.parse(line) as { metadata: { id: string } });
        await write(lines, events, receiver.sessionId);
        await receiver.completeMessage(message);
      },
      processError: ({ error }) => {
        console.error(error);
        process.exit(1);
      },
    },
    { maxConcurrentCalls: inFlight, autoCompleteMessages: false },
  );
}
