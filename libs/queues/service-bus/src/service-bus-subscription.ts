import {
  DStreamError,
  silentLog,
  type Clock,
  type Delivery,
  type Log,
  type ReceiveOptions,
  type Subscription,
} from '@dstream/core';
import { onAbort } from '@dstream/async';
import type { ServiceBusAddress } from '@dstream/service-bus';
import { withoutDelay } from '@dstream/service-bus/amqp';
import { ConnectionRetry, DeliveryQueue, type DeliverySource } from './delivery-source.ts';
import { PlainSource, type PlainClient } from './plain-source.ts';
import { ByteBudget } from './byte-budget.ts';
import { acceptingClient, plainClient } from './sdk-clients.ts';
import { sdkLimitMs, type AcceptingClient } from './session-acceptor.ts';
import { SessionSource } from './session-source.ts';

/** Options of a `ServiceBusSubscription`. */
export interface ServiceBusSubscriptionOptions {
  readonly address: ServiceBusAddress;
  readonly topic: string;
  readonly subscription: string;
  /** Whether the subscription requires sessions. */
  readonly sessions: boolean;
  /** Number of sessions that are held at a time; 32 when not given. */
  readonly maxSessions?: number;
  /** At most the subscription's own lock duration, milliseconds; 60,000 when not given. */
  readonly lockDurationMs?: number;
  readonly clock: Clock;
  readonly log?: Log;
  readonly random?: () => number;
  /** Silence, in milliseconds, after which a receiver is checked; 60,000 when not given. */
  readonly silenceMs?: number;
  /** Longest wait for the answer to a settlement, a load or a save, milliseconds; 10,000 when not given. */
  readonly answerMs?: number;
  /** How long one accept waits for a session with messages, milliseconds; less than 50,000, 5,000 when not given. */
  readonly acceptTimeoutMs?: number;
  /** The SDK's accept ends by itself then: how much later its end is still an answer, milliseconds; 10,000 when not given. */
  readonly acceptGraceMs?: number;
  /** Opens connections; the SDK when not given. */
  readonly openAcceptingClient?: () => AcceptingClient;
  readonly openPlainClient?: () => PlainClient;
}

/**
 * A subscription of a Service Bus topic. Nothing is connected before `receive`, which is called by one consumer at a
 * time; when it has ended it may be called again, and continues with the sessions that are still held.
 */
export class ServiceBusSubscription implements Subscription {
  readonly #options: ServiceBusSubscriptionOptions;
  readonly #entity: string;
  readonly #queue = new DeliveryQueue();
  readonly #source: DeliverySource;
  readonly #disposed = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: ServiceBusSubscriptionOptions) {
    this.#options = options;
    this.#entity = `subscription ${options.subscription} of topic ${options.topic}`;
    this.#source = this.#createSource();
  }

  async *receive(o: ReceiveOptions): AsyncIterable<Delivery> {
    if (this.#running !== undefined)
      throw new DStreamError('Unexpected', `receive is already running for ${this.#entity}`);
    // By hand: asking a signal of AbortSignal.any, as every delivery does, is slow in Node 24.
    const ended = new AbortController();
    const { signal } = ended;
    const ends = [o.signal, this.#disposed.signal].map((one) => onAbort(one, () => ended.abort(one.reason)));
    const running = this.#run(signal, o, ended);
    this.#running = running;
    try {
      for (;;) yield await this.#queue.take(signal);
    } finally {
      ended.abort(new DStreamError('Unexpected', 'the consumer stopped'));
      for (const unlink of ends) unlink();
      await running;
      this.#running = undefined;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disposed.abort(new DStreamError('Unexpected', `${this.#entity} was disposed`));
    await this.#running;
    await this.#source.dispose();
  }

  /** Never rejects: what ends the source ends `receive` through `ended`. */
  async #run(
    signal: AbortSignal,
    { reached, maxInFlight, maxBytes, oneAtFirst }: ReceiveOptions,
    ended: AbortController,
  ): Promise<void> {
    const { clock, random = Math.random, log = silentLog } = this.#options;
    const connection = new ConnectionRetry({ entity: this.#entity, clock, random, log, reached });
    const budget = new ByteBudget(maxBytes);
    const watching = budget.watch(clock, signal).catch(() => undefined);
    try {
      await withoutDelay(() => this.#source.run({ signal, connection, maxInFlight, budget, oneAtFirst }));
    } catch (error) {
      ended.abort(error);
    }
    await watching;
  }

  #createSource(): DeliverySource {
    const o = this.#options;
    const common = {
      entity: this.#entity,
      clock: o.clock,
      random: o.random ?? Math.random,
      log: o.log ?? silentLog,
      queue: this.#queue,
      lockDurationMs: o.lockDurationMs ?? 60_000,
      silenceMs: o.silenceMs ?? 60_000,
      answerMs: o.answerMs ?? 10_000,
    };
    const acceptMs = o.acceptTimeoutMs ?? 5_000;
    const graceMs = o.acceptGraceMs ?? 10_000;
    const acceptLimitMs = acceptMs + graceMs;
    if (acceptLimitMs >= sdkLimitMs) throw acceptsTooLong(acceptMs, sdkLimitMs - graceMs);
    if (!o.sessions)
      return new PlainSource({
        ...common,
        openClient: o.openPlainClient ?? (() => plainClient(o, common.answerMs)),
      });
    return new SessionSource({
      ...common,
      maxSessions: o.maxSessions ?? 32,
      acceptLimitMs,
      openClient: o.openAcceptingClient ?? (() => acceptingClient(o, acceptMs)),
    });
  }
}

function acceptsTooLong(acceptMs: number, mostMs: number): DStreamError {
  const reason = `acceptTimeoutMs is ${acceptMs}: it must be less than ${mostMs}, or silence would be taken for an answer`;
  return new DStreamError('ConfigInvalid', reason);
}
