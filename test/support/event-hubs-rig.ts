/** An Event Hubs stand-in with a declared hub, and clients of it, for every test of a file. */
import {
  EventHubConsumerClient,
  EventHubProducerClient,
  type EventPosition,
  type LastEnqueuedEventProperties,
  type ReceivedEventData,
} from '@azure/event-hubs';
import { afterEach, beforeEach } from 'vitest';
import {
  startEventHubs,
  type EventHubsOptions,
  type EventHubsStandIn,
} from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import { until } from './until.ts';

export const retryOptions = { maxRetries: 0, timeoutInMs: 3_000 };

export const hubEntities = {
  UserConfig: {
    NamespaceConfig: [
      {
        Type: 'EventHub',
        Name: 'test',
        Entities: [
          { Name: 'changes', PartitionCount: 4, ConsumerGroups: [{ Name: 'dstream' }] },
          { Name: 'single', PartitionCount: '1' },
        ],
      },
    ],
  },
};

export interface ReadOptions {
  readonly from?: EventPosition;
  readonly group?: string;
  readonly hub?: string;
  readonly ownerLevel?: number;
  readonly track?: boolean;
  readonly batch?: number;
}

/** What a consumer of one partition has seen so far. */
export class PartitionReading implements AsyncDisposable {
  readonly events: ReceivedEventData[] = [];
  readonly errors: Error[] = [];
  /** The largest number of events that were handed over at once. */
  largest = 0;
  last: LastEnqueuedEventProperties | undefined;
  readonly #client: EventHubConsumerClient;
  readonly #subscription: { close(): Promise<void> };

  constructor(connectionString: string, partition: string, options: ReadOptions = {}) {
    const { from = { offset: '-1' }, group = 'dstream', hub = 'changes', ownerLevel, track, batch } = options;
    this.#client = new EventHubConsumerClient(group, connectionString, hub, { retryOptions });
    this.#subscription = this.#client.subscribe(
      partition,
      {
        processEvents: async (events, context) => {
          this.events.push(...events);
          this.largest = Math.max(this.largest, events.length);
          this.last = context.lastEnqueuedEventProperties;
        },
        processError: async (error) => void this.errors.push(error),
      },
      {
        startPosition: from,
        maxWaitTimeInSeconds: 1,
        ...(ownerLevel !== undefined && { ownerLevel }),
        ...(track === true && { trackLastEnqueuedEventProperties: true }),
        ...(batch !== undefined && { maxBatchSize: batch }),
      },
    );
  }

  get bodies(): unknown[] {
    return this.events.map(({ body }) => body as unknown);
  }

  /** What it has read, once there are so many. */
  async read(count: number): Promise<unknown[]> {
    await until(
      () => this.events.length >= count,
      () => `${count} events, there are ${JSON.stringify(this.bodies)}; errors: ${String(this.errors)}`,
    );
    return this.bodies;
  }

  async failed(): Promise<Error> {
    return await until(
      () => this.errors[0],
      () => 'an error',
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscription.close();
    await this.#client.close();
  }
}

export interface EventHubsRig {
  readonly hubs: EventHubsStandIn;
  producer(hub?: string): EventHubProducerClient;
  read(partition: string, options?: ReadOptions): PartitionReading;
}

/** Call it where a file begins. A test fails when the stand-in reports an error. */
export function eventHubsRig(options: EventHubsOptions = {}): EventHubsRig {
  const errors: unknown[] = [];
  let stack: AsyncDisposableStack;
  let hubs: EventHubsStandIn;
  beforeEach(async () => {
    errors.length = 0;
    stack = new AsyncDisposableStack();
    hubs = await startEventHubs({
      entities: hubEntities,
      onError: (error) => errors.push(error),
      ...options,
    });
    stack.defer(() => hubs.close());
  });
  afterEach(async () => {
    await stack.disposeAsync();
    if (errors.length > 0) throw new AggregateError(errors, 'the stand-in reported errors');
  });
  return {
    get hubs() {
      return hubs;
    },
    producer(hub = 'changes') {
      const client = new EventHubProducerClient(hubs.connectionString, hub, { retryOptions });
      stack.defer(() => client.close());
      return client;
    },
    read(partition, wish) {
      return stack.use(new PartitionReading(hubs.connectionString, partition, wish));
    },
  };
}
