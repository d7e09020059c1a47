/** An event hub as a destination, read from its beginning by a consumer of the SDK. */
import { EventHubConsumerClient } from '@azure/event-hubs';
import { silentLog, type Publisher } from '@dstream/core';
import { eventHubsPublisher, type EventHubsPublisherOptions } from '@dstream/outputs/event-hubs';
import { systemClock } from '@dstream/async';
import { startEventHubs } from '../stand-ins/amqp/src/event-hubs/event-hubs-server.ts';
import type { EventHubsEndpoint } from './endpoints.ts';
import type { Changes, PublisherRig } from './publisher-rig.ts';
import { busy, ScriptedEventHubs } from './scripted-event-hubs.ts';
import { until } from './until.ts';

export type HubWish = Partial<EventHubsPublisherOptions>;

/** On a service that is there already. */
export function openEventHubsDestination(
  endpoint: EventHubsEndpoint,
  changes: Changes,
  wish: HubWish = {},
): PublisherRig {
  const { connectionString, hub } = endpoint;
  const reader = new HubReader(endpoint, (line) => changes.has(line));
  return {
    ordered: 'row',
    // "Azure Event Hubs quotas and limits": an event of 1 MB, in all tiers that share a namespace.
    tooLargeBytes: 2_000_000,
    open: () => publisherTo(connectionString, hub, wish),
    openForbidden: () => publisherTo(connectionString, 'absent', wish),
    delivered: (count) => reader.lines(count),
    [Symbol.asyncDispose]: () => reader[Symbol.asyncDispose](),
  };
}

/** Everything in a hub that `wanted` says yes to, partition by partition. */
export class HubReader implements AsyncDisposable {
  readonly #client: EventHubConsumerClient;
  readonly #wanted: (line: string) => boolean;
  readonly #lines: string[] = [];
  readonly #seen = new Map<string, number>();
  readonly #errors: unknown[] = [];
  #subscription: { close(): Promise<void> } | undefined;

  constructor(
    { connectionString, hub, consumerGroup }: EventHubsEndpoint,
    wanted: (line: string) => boolean,
  ) {
    this.#client = new EventHubConsumerClient(consumerGroup, connectionString, hub);
    this.#wanted = wanted;
  }

  /** Resolves with how many there are, once there are so many: others may be on their way. */
  async reached(count: number): Promise<number> {
    this.#subscription ??= this.#subscribe();
    return await until(
      () => this.#lines.length >= count && this.#lines.length,
      () => `${count} changes, there are ${this.#lines.length}`,
    );
  }

  /** All that the hub holds, once there are so many lines. */
  async lines(count: number): Promise<readonly string[]> {
    this.#subscription ??= this.#subscribe();
    const enough = async () => {
      if (this.#errors.length > 0) throw new AggregateError(this.#errors, 'the hub cannot be read');
      return this.#lines.length >= count && (await this.#isAtEnd());
    };
    await until(enough, () => `${count} changes, there are ${this.#lines.length}`);
    return [...this.#lines];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#subscription?.close();
    await this.#client.close();
  }

  #subscribe(): { close(): Promise<void> } {
    return this.#client.subscribe(
      {
        processEvents: async (events, { partitionId }) => {
          for (const { body, sequenceNumber } of events) {
            const line = String(body);
            if (this.#wanted(line)) this.#lines.push(line);
            this.#seen.set(partitionId, sequenceNumber);
          }
        },
        processError: async (error) => void this.#errors.push(error),
      },
      {
        startPosition: { offset: '-1' },
        skipParsingBodyAsJson: true,
        maxWaitTimeInSeconds: 1,
        // The client takes one batch every 20 ms: ten by default.
        maxBatchSize: 1_000,
      },
    );
  }

  async #isAtEnd(): Promise<boolean> {
    for (const id of await this.#client.getPartitionIds()) {
      const { isEmpty, lastEnqueuedSequenceNumber } = await this.#client.getPartitionProperties(id);
      if (!isEmpty && (this.#seen.get(id) ?? -1) < lastEnqueuedSequenceNumber) return false;
    }
    return true;
  }
}

const entities = {
  UserConfig: {
    NamespaceConfig: [
      {
        Type: 'EventHub',
        Name: 'test',
        Entities: [{ Name: 'changes', PartitionCount: 4, ConsumerGroups: [{ Name: 'dstream' }] }],
      },
    ],
  },
};

/** On a stand-in of its own, read by the SDK's consumer. */
export async function openEventHubsStandIn(changes: Changes, wish: HubWish = {}): Promise<PublisherRig> {
  const stack = new AsyncDisposableStack();
  const problems: unknown[] = [];
  stack.defer(() => {
    if (problems.length > 0) throw new AggregateError(problems, 'the stand-in had problems');
  });
  const standIn = await startEventHubs({ entities, onError: (error) => problems.push(error) });
  stack.defer(() => standIn.close());
  const { connectionString } = standIn;
  const endpoint = { connectionString, hub: 'changes', consumerGroup: 'dstream' };
  const rig = stack.use(openEventHubsDestination(endpoint, changes, wish));
  return {
    ...rig,
    faults: {
      refuse: (count) => standIn.serverBusy(count),
      hold: () => {
        standIn.delaySends(60_000);
        return () => standIn.clear();
      },
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

/** On hubs that do as the test says. */
export async function openScriptedEventHubs(wish: HubWish = {}): Promise<PublisherRig> {
  const stack = new AsyncDisposableStack();
  const problems: unknown[] = [];
  stack.defer(() => {
    if (problems.length > 0) throw new AggregateError(problems, 'the hubs had problems');
  });
  const hubs = stack.use(await ScriptedEventHubs.start({ changes: 4 }, (error) => problems.push(error)));
  const lines = () => hubs.taken('changes').map(({ line }) => line);
  return {
    ordered: 'row',
    tooLargeBytes: hubs.maxMessageBytes + 1,
    open: () => publisherTo(hubs.connectionString, 'changes', wish),
    openForbidden: () => publisherTo(hubs.connectionString, 'absent', wish),
    delivered: async (count) => {
      await until(
        () => lines().length >= count,
        () => `${count} changes, there are ${lines().length}`,
      );
      return lines();
    },
    faults: { refuse: (count) => busy(hubs, count), hold: () => hubs.hold() },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function publisherTo(connectionString: string, hub: string, wish: HubWish = {}): Publisher {
  return eventHubsPublisher({
    address: { connectionString },
    nameOf: () => hub,
    fixedName: hub,
    clock: systemClock,
    log: silentLog,
    ...wish,
  });
}
