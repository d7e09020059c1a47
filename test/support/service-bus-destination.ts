/** A topic of Service Bus as a destination, seen through a subscription without sessions. */
import { silentLog } from '@dstream/core';
import { serviceBusPublisher, type ServiceBusPublisherOptions } from '@dstream/outputs/service-bus';
import { sha256Hex } from '@dstream/runtime';
import { systemClock } from '@dstream/async';
import { openClient } from '@dstream/service-bus';
import { startServiceBus } from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import type { ServiceBusEndpoint } from './endpoints.ts';
import type { Changes, PublisherRig } from './publisher-rig.ts';
import { until } from './until.ts';

export type DestinationWish = Partial<ServiceBusPublisherOptions>;

/** On a service that is there already. */
export function openServiceBusDestination(
  { connectionString, topic, plainSubscription }: ServiceBusEndpoint,
  changes: Changes,
  wish: DestinationWish = {},
): PublisherRig {
  const client = openClient({ connectionString }, 10_000);
  const receiver = client.createReceiver(topic, plainSubscription, { skipParsingBodyAsJson: true });
  const lines: string[] = [];
  const look = async () => {
    // A receiver goes on peeking where its last peek ended.
    const page = await receiver.peekMessages(100);
    const found = page.flatMap(({ body }) => String(body).split('\n'));
    lines.push(...found.filter((line) => changes.has(line)));
    return page.length;
  };
  const publisherTo = (name: string) =>
    serviceBusPublisher({
      address: { connectionString },
      nameOf: () => name,
      fixedName: name,
      limits: { maxBytes: 131_072, maxChanges: 1 },
      clock: systemClock,
      log: silentLog,
      hash: sha256Hex,
      ...wish,
    });
  return {
    ordered: 'key',
    // The endpoint promises that its topic takes less (test/README.md).
    tooLargeBytes: 2_000_000,
    open: () => publisherTo(topic),
    openForbidden: () => publisherTo('absent'),
    delivered: async (count) => {
      const enough = async () => (await look()) === 0 && lines.length >= count;
      await until(enough, () => `${count} changes, there are ${lines.length}`);
      return lines;
    },
    [Symbol.asyncDispose]: () => client.close(),
  };
}

const entities = {
  UserConfig: { Namespaces: [{ Topics: [{ Name: 'changes', Subscriptions: [{ Name: 'plain' }] }] }] },
};

/** On a stand-in of its own. */
export async function openStandInDestination(
  changes: Changes,
  wish: DestinationWish = {},
): Promise<PublisherRig> {
  const stack = new AsyncDisposableStack();
  const problems: unknown[] = [];
  stack.defer(() => {
    if (problems.length > 0) throw new AggregateError(problems, 'the stand-in had problems');
  });
  const standIn = await startServiceBus({ entities, onError: (error) => problems.push(error) });
  stack.defer(() => standIn.close());
  const endpoint = {
    connectionString: standIn.connectionString,
    topic: 'changes',
    sessionSubscription: 'none',
    plainSubscription: 'plain',
  };
  const rig = stack.use(openServiceBusDestination(endpoint, changes, wish));
  return {
    ...rig,
    tooLargeBytes: 300_000,
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
