import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { systemClock } from '@dstream/async';
import { openClient, ServiceBusTopic } from '@dstream/service-bus';
import { ServiceBusDeadLetterQueue, ServiceBusSubscription } from '@dstream/service-bus-queue';
import {
  startServiceBus,
  type ServiceBusStandIn,
} from '../stand-ins/amqp/src/service-bus/service-bus-server.ts';
import type { Broker, SeenDeadLetter, SubscriptionWish } from './broker.ts';
import type { ServiceBusEndpoint } from './endpoints.ts';

export interface ServiceBusBroker extends Broker {
  readonly deadLetters: NonNullable<Broker['deadLetters']>;
  readonly endpoint: ServiceBusEndpoint;
}

export interface StandInBroker extends ServiceBusBroker {
  readonly standIn: ServiceBusStandIn;
  /** `topic/Subscriptions/name`, as the stand-in's faults take it. */
  address(wish?: SubscriptionWish): string;
}

/** A broker on a service that is there already. */
export function openServiceBusBroker(endpoint: ServiceBusEndpoint): ServiceBusBroker {
  const { connectionString, topic } = endpoint;
  const address = { connectionString };
  return {
    endpoint,
    topic: () => new ServiceBusTopic({ address, topic, clock: systemClock }),
    subscription: ({ sessions = true, maxSessions = 32 } = {}) =>
      new ServiceBusSubscription({
        address,
        topic,
        subscription: sessions ? endpoint.sessionSubscription : endpoint.plainSubscription,
        sessions,
        maxSessions,
        clock: systemClock,
      }),
    deadLetters: (wish) => deadLetters(endpoint, wish),
    deadLetterQueue: ({ sessions = true } = {}) =>
      new ServiceBusDeadLetterQueue({
        address,
        topic,
        subscription: sessions ? endpoint.sessionSubscription : endpoint.plainSubscription,
        clock: systemClock,
      }),
    faults: undefined,
    async [Symbol.asyncDispose]() {
      // The service stays.
    },
  };
}

const standInEntities = {
  UserConfig: {
    Namespaces: [
      {
        Topics: [
          {
            Name: 'changes',
            Subscriptions: [
              { Name: 'dstream', Properties: { RequiresSession: true, MaxDeliveryCount: 1000 } },
              { Name: 'plain', Properties: { MaxDeliveryCount: 1000 } },
            ],
          },
        ],
      },
    ],
  },
};

/** A broker on a stand-in of its own. */
export async function openStandInBroker(): Promise<StandInBroker> {
  const problems: unknown[] = [];
  const standIn = await startServiceBus({
    entities: standInEntities,
    onError: (error) => problems.push(error),
  });
  const endpoint = {
    connectionString: standIn.connectionString,
    topic: 'changes',
    sessionSubscription: 'dstream',
    plainSubscription: 'plain',
  };
  const addressOf = ({ sessions = true }: SubscriptionWish = {}) =>
    `changes/Subscriptions/${sessions ? 'dstream' : 'plain'}`;
  return {
    ...openServiceBusBroker(endpoint),
    standIn,
    address: addressOf,
    faults: {
      loseLock: (wish, id) => loseLock(standIn, addressOf(wish), id, wish.sessions ?? true),
      refuseSends: (transfers) => standIn.serverBusy(transfers),
    },
    async [Symbol.asyncDispose]() {
      await standIn.close();
      if (problems.length > 0) throw new AggregateError(problems, 'the stand-in had problems');
    },
  };
}

function loseLock(standIn: ServiceBusStandIn, address: string, id: string, sessions: boolean): boolean {
  if (sessions) return standIn.expireSessionLock(address, id);
  const message = standIn.messages(address).find(({ messageId }) => messageId === id);
  return message !== undefined && standIn.expireMessageLocks(address, message.sequence) === 1;
}

async function deadLetters(
  { connectionString, topic, sessionSubscription, plainSubscription }: ServiceBusEndpoint,
  { sessions = true }: SubscriptionWish = {},
): Promise<SeenDeadLetter[]> {
  const subscription = sessions ? sessionSubscription : plainSubscription;
  const client = openClient({ connectionString }, 10_000);
  try {
    const receiver = client.createReceiver(topic, subscription, { subQueueType: 'deadLetter' });
    const found: SeenDeadLetter[] = [];
    for (;;) {
      // A receiver goes on peeking where its last peek ended: earlier tests may have left more than one page.
      const page = await receiver.peekMessages(100);
      if (page.length === 0) return found;
      found.push(...page.map(seen));
    }
  } finally {
    await client.close();
  }
}

function seen(message: ServiceBusReceivedMessage): SeenDeadLetter {
  const {
    DeadLetterReason: reason,
    DeadLetterErrorDescription: description,
    ...properties
  } = message.applicationProperties ?? {};
  return { messageId: String(message.messageId), reason, description, properties };
}
