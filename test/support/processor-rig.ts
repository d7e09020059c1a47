/** Processors under test: an output that records, a subscription in memory, time by hand. */
import {
  BatchError,
  encodeEnvelope,
  silentLog,
  type CallOptions,
  type Delivery,
  type DStreamError,
  type Log,
  type LogFields,
  type OutgoingMessage,
  type Publisher,
  type RoutedEvent,
  type ReceiveOptions,
  type Subscription,
} from '@dstream/core';
import { ManualClock } from '@dstream/memory/manual-clock';
import { InMemoryTopic } from '@dstream/memory/topic';
import {
  defaultProcessorSettings,
  Processor,
  processorMetrics,
  sessionsAhead,
  type ConfiguredTransform,
  type Output,
  type ProcessorSettings,
  type RoutingRules,
} from '@dstream/deliver';
import { aborted, withAny } from '@dstream/async';
import { Metrics } from '@dstream/runtime';
import { expect } from 'vitest';
import type { DecodedChange } from '../../libs/deliver/src/decode-message.ts';
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

/** Change `n` as it is published, of session `s`. */
export function routed(n: number): DecodedChange {
  const { metadata, ...images } = aChange(n);
  const event = { ...images, metadata: { ...metadata, generation: 1, epoch: 1 } };
  const line = Buffer.from(`{"n":${n}}`);
  return { event, line, orderingKey: 's', messageId: `m${n}`, index: 0 };
}

function metadataOf(line: Uint8Array): unknown {
  return (JSON.parse(Buffer.from(line).toString('utf8')) as { readonly metadata: unknown }).metadata;
}

/** An output that records, and answers each publish with the next of `answers`. */
class Recorder implements Publisher {
  readonly got: string[] = [];
  /** The metadata of the same changes, as they are in their lines. */
  readonly metadata: unknown[] = [];
  readonly answers: ((events: readonly RoutedEvent[]) => Error | undefined)[] = [];
  /** Answers each attempt to connect; without one it succeeds. */
  readonly refusals: Error[] = [];
  /** Answers each publish that has no other answer. */
  away: Error | undefined;
  /** The same, by what is published. */
  fails: ((events: readonly RoutedEvent[]) => Error | undefined) | undefined;
  destinationOf?: (event: RoutedEvent) => string;
  /** Awaited by every publish; an abort ends it. */
  hold: Promise<void> | undefined;
  publishes = 0;

  connect(): Promise<void> {
    const refusal = this.refusals.shift();
    return refusal === undefined ? Promise.resolve() : Promise.reject(refusal);
  }

  async publish(events: readonly RoutedEvent[], { signal }: CallOptions): Promise<void> {
    this.publishes += 1;
    const answer = this.answers.shift();
    const error = answer === undefined ? (this.fails?.(events) ?? this.away) : answer(events);
    const { hold } = this;
    if (hold !== undefined) {
      await withAny([signal], (any) => Promise.race([hold, aborted(any)]));
      signal.throwIfAborted();
    }
    if (error !== undefined && !(error instanceof BatchError)) throw error;
    const accepted = error instanceof BatchError ? events.slice(0, error.failures[0]?.from) : events;
    this.got.push(...accepted.map(({ event }) => event.metadata.id));
    this.metadata.push(...accepted.map(({ line }) => metadataOf(line)));
    if (error !== undefined) throw error;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}

/** What is said at the levels that an operator reads, with its fields. */
function recordingLog() {
  const said: { sentence: string; fields: LogFields | undefined }[] = [];
  const logWith = (common: LogFields): Log => {
    const say = (sentence: string, fields?: LogFields) =>
      void said.push({ sentence, fields: { ...common, ...fields } });
    return {
      ...silentLog,
      info: say,
      warn: say,
      error: say,
      child: (more) => logWith({ ...common, ...more }),
    };
  };
  return { log: logWith({}), said, lines: () => said.map(({ sentence }) => sentence) };
}

/** A subscription that can be made to fail. */
class Failing implements Subscription {
  readonly #inner: Subscription;
  readonly #failed = new AbortController();
  /** It is not reached before `reach` is called. */
  away = false;
  reach: () => void = () => undefined;

  constructor(inner: Subscription) {
    this.#inner = inner;
  }

  fail(error: DStreamError): void {
    this.#failed.abort(error);
  }

  receive({ signal, reached, ...o }: ReceiveOptions): AsyncIterable<Delivery> {
    this.reach = () => reached?.();
    const stop = AbortSignal.any([signal, this.#failed.signal]);
    return this.#inner.receive({ ...o, signal: stop, ...(!this.away && reached && { reached }) });
  }

  [Symbol.asyncDispose](): PromiseLike<void> {
    return this.#inner[Symbol.asyncDispose]();
  }
}

export interface WorldOptions {
  readonly sessions?: boolean;
  readonly maxSessions?: number;
  readonly onHole?: ProcessorSettings['onHole'];
  /** Of the topic; 262,144 if not given. */
  readonly maxMessageBytes?: number;
  /** Applied in this order. */
  readonly transforms?: readonly ConfiguredTransform[];
  readonly routing?: RoutingRules;
  /** Of the processor, besides those above. */
  readonly settings?: Partial<ProcessorSettings>;
  /** Outputs besides `out`, which is required. */
  readonly others?: readonly Partial<Omit<Output, 'publisher'>>[];
}

export function setup(options: WorldOptions = {}) {
  const { sessions = true, maxSessions = 32, others = [], onHole = 'log', maxMessageBytes } = options;
  const { transforms = [], routing = { routes: [] }, settings } = options;
  const clock = new ManualClock();
  const topic = new InMemoryTopic({ clock, ...(maxMessageBytes !== undefined && { maxMessageBytes }) });
  const held = maxSessions + sessionsAhead(maxSessions);
  const subscription = new Failing(topic.subscription({ sessions, maxSessions: held }));
  const [output, metrics, logging] = [new Recorder(), new Metrics(), recordingLog()];
  const more = others.map((other) => ({
    name: 'other',
    type: 'console',
    required: false,
    bufferBytes: 1_000_000,
    ...other,
    publisher: new Recorder(),
  }));
  const processor = new Processor({
    instance: 'p',
    subscription,
    source: 't/s',
    transforms,
    routing,
    subscriptionName: 's',
    outputs: [{ name: 'out', type: 'console', required: true, bufferBytes: 0, publisher: output }, ...more],
    clock,
    log: logging.log,
    hash: (text) => text,
    random: () => 0.5,
    metrics: processorMetrics(metrics),
    settings: { ...defaultProcessorSettings, maxSessions, onHole, ...settings },
  });
  const draining = new AbortController();
  const aborting = new AbortController();
  return {
    clock,
    topic,
    subscription,
    output,
    /** The publishers of the others, in order. */
    others: more.map(({ publisher }) => publisher),
    metrics,
    ...logging,
    draining,
    aborted: aborting,
    start: () => processor.run({ draining: draining.signal, aborted: aborting.signal }),
    report: () => processor.report(),
    send: (...messages: OutgoingMessage[]) => topic.send(messages, { signal: never }),
  };
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
