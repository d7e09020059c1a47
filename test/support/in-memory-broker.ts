import { DStreamError } from '@dstream/core';
import { InMemoryTopic } from '@dstream/memory/topic';
import { systemClock } from '@dstream/async';
import type { Broker } from './broker.ts';

const plain = 'plain';

/** The in-memory topic as the contract suites see a broker. */
export async function openInMemoryBroker(): Promise<Broker> {
  const topic = new InMemoryTopic({ clock: systemClock });
  let refuse = 0;
  topic.failSends(() => {
    if (refuse === 0) return undefined;
    refuse -= 1;
    return new DStreamError('Throttled', 'a fault was injected');
  });
  return {
    topic: () => topic,
    subscription: ({ sessions = true, maxSessions = 32 } = {}) =>
      topic.subscription({ name: sessions ? 'dstream' : plain, sessions, maxSessions }),
    deadLetters: async ({ sessions = true } = {}) =>
      topic.deadLetters(sessions ? 'dstream' : plain).map(({ message, reason, description, properties }) => ({
        messageId: message.messageId,
        reason,
        description,
        properties: { ...message.properties, ...properties },
      })),
    deadLetterQueue: ({ sessions = true } = {}) =>
      topic.deadLetterQueue(sessions ? 'dstream' : plain, sessions),
    faults: {
      loseLock: ({ sessions = true }, id) => topic.loseLock(id, sessions ? 'dstream' : plain),
      refuseSends: (transfers) => (refuse = transfers),
    },
    async [Symbol.asyncDispose]() {
      await topic[Symbol.asyncDispose]();
    },
  };
}
