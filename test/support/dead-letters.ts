/** Dead letters in memory, made by a subscription in memory. */
import {
  deadLetterProperties,
  type DeadLetterQueue,
  type FailedChange,
  type OutgoingMessage,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { InMemoryTopic } from '@dstream/memory/topic';

const { signal } = new AbortController();

export interface DeadLetterWorld {
  readonly clock: ManualClock;
  readonly topic: InMemoryTopic;
  readonly queue: DeadLetterQueue;
}

/** A topic whose subscription has dead-lettered a message with these failures for each element. */
export async function deadLettered(
  ...failures: readonly (readonly FailedChange[])[]
): Promise<DeadLetterWorld> {
  const clock = new ManualClock();
  const topic = new InMemoryTopic({ clock });
  const subscription = topic.subscription();
  await topic.send(
    failures.map((_, index) => messageOf(index + 1)),
    { signal },
  );
  let next = 0;
  for await (const delivery of subscription.receive({ signal, maxInFlight: 100, maxBytes: 1_000_000 })) {
    await delivery.deadLetter('NotDelivered', 'change 0: no', deadLetterProperties(failures[next] ?? []));
    next += 1;
    if (next === failures.length) break;
  }
  await subscription[Symbol.asyncDispose]();
  return { clock, topic, queue: topic.deadLetterQueue() };
}

/** Message `m<n>` with two lines. */
function messageOf(n: number): OutgoingMessage {
  const body = `{"n":${n},"line":0}\n{"n":${n},"line":1}`;
  return {
    messageId: `m${n}`,
    sessionId: 's',
    subject: 'dbo.T',
    contentType: 'application/x-ndjson',
    body,
    bodyBytes: body.length,
    properties: { schema: 'dbo', table: 'T', changes: 2 },
  };
}
