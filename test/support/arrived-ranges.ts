/**
 * Which changes of which table a topic was given, in the order of their acceptance: read from the properties of its
 * messages, so that a million changes are a few thousand entries. Received and deleted by a client of its own.
 */
import { ServiceBusClient, type ServiceBusReceivedMessage } from '@azure/service-bus';
import type { StampedEvent } from '@dstream/core';

/** One message: changes with consecutive ordinals of one transaction. */
export interface ArrivedRange {
  readonly table: string;
  readonly first: number;
  readonly last: number;
  readonly epoch: number;
  readonly atMs: number;
}

/** A topic with one subscription, which has no sessions: what is in it is in the order of the topic. */
export const withoutSessions = {
  UserConfig: {
    Namespaces: [
      {
        Name: 'chaos',
        Topics: [
          {
            Name: 'ingest-topic',
            Subscriptions: [{ Name: 'all', Properties: { RequiresSession: false } }],
          },
        ],
      },
    ],
  },
};

export class ArrivedRanges implements AsyncDisposable {
  readonly ranges: ArrivedRange[] = [];
  readonly errors: unknown[] = [];
  readonly #client: ServiceBusClient;

  constructor(connectionString: string) {
    this.#client = new ServiceBusClient(connectionString);
    const receiver = this.#client.createReceiver('ingest-topic', 'all', {
      receiveMode: 'receiveAndDelete',
      skipParsingBodyAsJson: true,
    });
    receiver.subscribe({
      processMessage: async (message) => void this.ranges.push(rangeOf(message)),
      processError: async ({ error }) => void this.errors.push(error),
    });
  }

  of(table: string): readonly ArrivedRange[] {
    return this.ranges.filter((range) => range.table === table);
  }

  /** The highest ordinal of the table's transaction that has arrived. */
  upTo(table: string): number {
    return this.of(table).reduce((most, { last }) => Math.max(most, last), 0);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#client.close();
  }
}

function rangeOf({ applicationProperties, body }: ServiceBusReceivedMessage): ArrivedRange {
  const { table, firstPosition, lastPosition } = applicationProperties ?? {};
  const [line = ''] = String(body).split('\n', 1);
  const { metadata } = JSON.parse(line) as StampedEvent;
  const ordinal = (position: unknown) => Number(String(position).split(':')[1]);
  return {
    table: String(table),
    first: ordinal(firstPosition),
    last: ordinal(lastPosition),
    epoch: metadata.epoch,
    atMs: performance.now(),
  };
}
