/**
 * The bare processing loop: the SDK hands out the messages of every session, 16 at a time; each is parsed once, its
 * changes go to the destination, one message of a session after the other, and when that has them it is completed.
 */
import { ServiceBusClient, type ServiceBusSessionReceiver } from '@azure/service-bus';
import { openDestination, type BareDestination, type Received } from './destinations.ts';
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
  let written = Promise.resolve();
  receiver.subscribe(
    {
      processMessage: async (message) => {
        const received = read(message.body as Buffer, receiver.sessionId);
        written = written.then(() => write(received));
        await written;
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

function read(body: Buffer, session: string): Received {
  const lines = body.toString('utf8').split('\n');
  return { session, lines, events: lines.map((line) => JSON.parse(line) as Received['events'][number]) };
}
