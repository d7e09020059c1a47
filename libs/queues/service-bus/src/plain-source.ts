/** Receives from a subscription without sessions. */
import { DStreamError, type ReceiveLimits } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { allClosed, close, unlessAborted, withTimeLimit } from '@dstream/service-bus/amqp';
import { Background } from './background.ts';
import { ByteBudget } from './byte-budget.ts';
import { LockExpiryCheck } from './lock-expiry-check.ts';
import { PlainReceiver, type PlainReceiverOptions } from './plain-receiver.ts';
import type { Reaching } from './reaching.ts';
import type { PlainReceiverPort } from './receiver-port.ts';
import type { Source, SourceOptions } from './source.ts';

export interface PlainClient {
  createReceiver(): PlainReceiverPort;
  close(): Promise<void>;
}

export interface PlainSourceOptions extends SourceOptions {
  readonly openClient: () => PlainClient;
}

export class PlainSource implements Source {
  readonly #options: PlainSourceOptions;
  readonly #expiry: LockExpiryCheck;
  readonly #receivers = new Set<PlainReceiver>();
  readonly #background: Background;
  #client: PlainClient | undefined;
  #hasReceived = false;

  constructor(options: PlainSourceOptions) {
    this.#options = options;
    this.#expiry = new LockExpiryCheck(options);
    this.#background = new Background(options);
  }

  async run(
    signal: AbortSignal,
    reaching: Reaching,
    { maxInFlight, maxBytes }: ReceiveLimits,
  ): Promise<void> {
    const budget = new ByteBudget(maxBytes);
    const failed = new AbortController();
    await this.#reach(signal, reaching);
    const open = () => this.#receive(reaching, { maxInFlight, budget }, failed);
    let receiver = open();
    try {
      const stop = AbortSignal.any([signal, failed.signal]);
      for (;;) {
        await this.#untilSilent(receiver, stop);
        this.#background.keep(receiver.retire());
        receiver = open();
      }
    } finally {
      this.#background.keep(receiver.retire());
    }
  }

  async dispose(): Promise<void> {
    const { entity, clock } = this.#options;
    const closing = [...this.#receivers].map((receiver) => receiver.close());
    await Promise.allSettled([...closing, this.#background.ended()]);
    if (this.#client !== undefined) closing.push(close(`the connection of ${entity}`, this.#client, clock));
    await allClosed(closing, entity);
  }

  /** Tells, before anything is received, that the entity is there and lets us in. */
  async #reach(signal: AbortSignal, reaching: Reaching): Promise<void> {
    for (;;) {
      try {
        await this.#peek(signal);
        reaching.succeeded();
        return;
      } catch (error) {
        signal.throwIfAborted();
        const { entity } = this.#options;
        const failure = translateError(error, { tried: 'receive from', entity, askedForSessions: false });
        await reaching.failed(failure, signal);
      }
    }
  }

  async #peek(signal: AbortSignal): Promise<void> {
    const { clock, answerMs, entity } = this.#options;
    const port = this.#opened().createReceiver();
    const late = () => new DStreamError('TimedOut', `could not look into ${entity}: no answer in time`);
    try {
      const limit = { clock, atMs: clock.monotonicMs() + answerMs, late, signal };
      await withTimeLimit(limit, () => port.peekMessages(1));
    } finally {
      this.#background.keep(close(`a receiver of ${entity}`, port, clock));
    }
  }

  #receive(
    reaching: Reaching,
    limits: Pick<PlainReceiverOptions, 'maxInFlight' | 'budget'>,
    failed: AbortController,
  ): PlainReceiver {
    const { entity } = this.#options;
    const receiver = new PlainReceiver({
      ...this.#options,
      port: this.#opened().createReceiver(),
      ...limits,
      renewed: (expiry, wallMs) => this.#expiry.saw(expiry, wallMs),
      arrived: () => this.#arrived(reaching),
      failed: (error) => {
        const failure = translateError(error, { tried: 'receive from', entity, askedForSessions: false });
        if (this.#isFatal(failure)) failed.abort(failure);
        else reaching.said(failure);
      },
      closed: () => this.#receivers.delete(receiver),
    });
    this.#receivers.add(receiver);
    receiver.start();
    return receiver;
  }

  #arrived(reaching: Reaching): void {
    this.#hasReceived = true;
    reaching.succeeded();
  }

  /** That a subscription requires sessions is only known when its link is opened: looking into it works. */
  #isFatal(error: DStreamError): boolean {
    return error.code === 'EntityMismatch' && !this.#hasReceived;
  }

  /** Resolves when nothing came for long and nothing is unsettled: an idle receiver cannot be told from a dead one. */
  async #untilSilent(receiver: PlainReceiver, signal: AbortSignal): Promise<void> {
    const { clock, silenceMs, answerMs } = this.#options;
    for (;;) {
      await unlessAborted(clock.sleep(Math.min(silenceMs, answerMs) / 4, signal), signal);
      receiver.check();
      if (receiver.unsettled === 0 && clock.monotonicMs() - receiver.lastMs >= silenceMs) return;
    }
  }

  #opened(): PlainClient {
    this.#client ??= this.#options.openClient();
    return this.#client;
  }
}
