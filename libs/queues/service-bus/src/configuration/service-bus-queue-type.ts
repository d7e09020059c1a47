/** A topic of Azure Service Bus and its subscription as a type of queue. Loads the client library only when it is opened. */
import {
  boolean,
  brokerConnectionKeys,
  checkEntityPath,
  defineQueue,
  duration,
  optional,
  readBrokerConnection,
  text,
  withDefault,
  type BrokerConnection,
} from '@dstream/config/schema';
import type { CredentialOf } from '@dstream/core';
import type { ServiceBusAddress } from '@dstream/service-bus';

/** "Service Bus: naming rules": 1 to 260 characters; an entity's path may hold slashes inside. */
const entityName = text({
  what: 'a topic name',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._/-]{0,258}[A-Za-z0-9_])?$/,
  right:
    'use letters, digits, ".", "-", "_" and "/", at most 260 characters, with a letter or digit at both ends',
});

/** 1 to 50 characters. */
const subscriptionName = text({
  what: 'a subscription name',
  pattern: /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,48}[A-Za-z0-9_])?$/,
  right: 'use letters, digits, ".", "-" and "_", at most 50 characters, with a letter or digit at both ends',
});

const defaultTopic = 'ingest-topic';

/** Logged whenever a processor opens such a subscription: nothing that it delivers shows it. */
const withoutOrder = 'processor.source: sessions = false: changes are delivered without order';

/** `azure_service_bus`. */
export const serviceBusQueueType = defineQueue({
  type: 'azure_service_bus',
  topic: {
    doc: 'The Service Bus topic that changes are sent to.',
    keys: {
      name: withDefault(entityName, defaultTopic, 'Name of the topic.'),
      ...brokerConnectionKeys('Service Bus'),
    },
    settings: (reading, findings) => {
      const { name } = reading.values;
      const connection = readBrokerConnection(reading, findings);
      if (reading.isSound('name', 'connection_string')) checkEntityPath(reading, name, findings);
      return { name, connection };
    },
    name: ({ name }) => name,
    open: async ({ name, connection }, services) => {
      const { ServiceBusTopic } = await import('@dstream/service-bus');
      return new ServiceBusTopic({ ...services, address: addressOf(connection, services), topic: name });
    },
    async *checks({ name, connection }, services, o) {
      const { checkTopic } = await import('@dstream/service-bus');
      yield* checkTopic({ ...services, address: addressOf(connection, services), topic: name }, o);
    },
  },
  subscription: {
    doc: 'The Service Bus subscription that changes are received from.',
    keys: {
      ...brokerConnectionKeys('Service Bus'),
      topic: optional(
        entityName,
        `the topic of the ingester in the file, else "${defaultTopic}"`,
        'Name of the topic.',
      ),
      subscription: withDefault(subscriptionName, 'dstream', 'Name of the subscription.'),
      sessions: withDefault(
        boolean,
        true,
        'Whether the subscription has sessions. Without sessions there is no order, and duplicates may be delivered.',
      ),
      lock_duration: withDefault(
        // "Service Bus: message transfers, locks, and settlement": at most 5 minutes
        duration({ min: '1s', max: '5m' }),
        '60s',
        'How long a session is locked without renewal: at most the lock duration of the subscription.',
      ),
    },
    settings: (reading, findings, topicOfFile) => {
      const { values } = reading;
      const topic = reading.isGiven('topic')
        ? values.topic
        : topicOfFile.nameFor(reading.placeOf('topic'), defaultTopic);
      const connection = readBrokerConnection(reading, findings);
      if (topic !== undefined && reading.isSound('topic', 'connection_string'))
        checkEntityPath(reading, topic, findings);
      const { subscription, sessions, lock_duration: lockDurationMs } = values;
      return { topic: topic ?? '', subscription, sessions, lockDurationMs, connection };
    },
    name: ({ topic, subscription }) => ({ topic, subscription }),
    open: async ({ connection, ...settings }, services) => {
      if (!settings.sessions) services.log.info(withoutOrder);
      const { ServiceBusSubscription } = await import('../service-bus-subscription.ts');
      const address = addressOf(connection, services);
      return new ServiceBusSubscription({ ...services, ...settings, address });
    },
    async *checks({ connection, ...settings }, services, o) {
      const { checkSubscription } = await import('../check-subscription.ts');
      yield* checkSubscription({ ...services, ...settings, address: addressOf(connection, services) }, o);
    },
    deadLetters: async ({ connection, topic, subscription }, services) => {
      const { ServiceBusDeadLetterQueue } = await import('../dead-letter-queue.ts');
      const address = addressOf(connection, services);
      return new ServiceBusDeadLetterQueue({ ...services, address, topic, subscription });
    },
  },
});

function addressOf(
  connection: BrokerConnection,
  { credential }: { readonly credential: CredentialOf },
): ServiceBusAddress {
  return connection.kind === 'connection-string' ? connection : { ...connection, credential: credential() };
}
