/** Processors under test: an output that records, a subscription in memory, time by hand. */
import {
  BatchError,
  encodeEnvelope,
  silentLog,
  type Delivery,
  type DStreamError,
  type OutgoingMessage,
  type Publisher,
  type RoutedEvent,
  type Subscription,
} from '@dstream/core';
import { ManualClock } from '@dstream/core/in-memory/manual-clock';
import { InMemoryTopic } from '@dstream/core/in-memory/topic';
import { defaultProcessorSettings, Processor, processorMetrics } from '@dstream/processor';
import { Metrics } from '@dstream/runtime';
import { expect } from 'vitest';
import { aChange } from './a-change.ts';

const never = new AbortController().signal;

export function message(
  lines: readonly (number | string)[],
  sessionId = 's/d/dbo.T',
  generation = 1,
): OutgoingMessage {
  const body = lines
    .map((line) =>
      typeof line === 'string' ? line : encodeEnvelope(aChange(line), { generation, epoch: 1 }),
    )
    .join('\n');
  return {
    messageId: `${sessionId}:${generation}:${lines.join('-')}`,
    sessionId,
    subject: 'dbo.T',
    contentType: 'application/json',
    body,
    bodyBytes: body.length,
    properties: {},
  };
}

/** An output that records, and answers each publish with the next of `answers`. */
class Recorder implements Publisher {
  readonly got: string[] = [];
  readonly answers: ((events: readonly RoutedEvent[]) => Error | undefined)[] = [];

  connect(): Promise<void> {
    return Promise.resolve();
  }

  publish(events: readonly RoutedEvent[]): Promise<void> {
    const error = this.answers.shift()?.(events);
    if (error !== undefined && !(error instanceof BatchError)) return Promise.reject(error);
    const accepted = error instanceof BatchError ? events.slice(0, error.failures[0]?.from) : events;
    this.got.push(...accepted.map(({ event }) => event.metadata.id));
    return error === undefined ? Promise.resolve() : Promise.reject(error);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** A subscription that can be made to fail. */
class Failing implements Subscription {
  readonly #inner: Subscription;
  readonly #failed = new AbortController();

  constructor(inner: Subscription) {
    this.#inner = inner;
  }

  fail(error: DStreamError): void {
    this.#failed.abort(error);
  }

  receive({ signal, maxInFlight }: { signal: AbortSignal; maxInFlight: number }): AsyncIterable<Delivery> {
    return this.#inner.receive({ signal: AbortSignal.any([signal, this.#failed.signal]), maxInFlight });
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inner[Symbol.asyncDispose]();
  }
}

export function setup({ sessions = true, maxSessions = 32 } = {}) {
  const clock = new ManualClock();
  const topic = new InMemoryTopic({ clock });
  const subscription = new Failing(topic.subscription({ sessions, maxSessions }));
  const output = new Recorder();
  const draining = new AbortController();
  const aborted = new AbortController();
  const start = () => {
    const processor = new Processor({
      instance: 'p',
      subscription,
      outputs: [{ name: 'out', type: 'console', required: true, bufferBytes: 0, publisher: output }],
      clock,
      log: silentLog,
      hash: (text) => text,
      random: () => 0.5,
      metrics: processorMetrics(new Metrics()),
      settings: { ...defaultProcessorSettings, maxSessions },
    });
    return processor.run({ draining: draining.signal, aborted: aborted.signal });
  };
  const send = (...messages: OutgoingMessage[]) => topic.send(messages, { signal: never });
  return { clock, topic, subscription, output, draining, aborted, start, send };
}

/** Drains and checks that nothing is left behind. */
export async function stop(
  { clock, draining }: ReturnType<typeof setup>,
  running: Promise<void>,
): Promise<void> {
  draining.abort(new Error('stopping'));
  await clock.advance(0);
  await running;
  expect(clock.sleeping).toBe(0);
}
