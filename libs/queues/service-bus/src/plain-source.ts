/** Receives from a subscription without sessions. */
import { DStreamError } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { allClosed, close, unlessAborted, withTimeout } from '@dstream/async';
import {
  BackgroundTasks,
  type ConnectionRetry,
  type DeliverySource,
  type ReceiveRun,
  type SourceOptions,
} from './delivery-source.ts';
import { LockExpiryCheck } from './lock-renewal.ts';
import { PlainReceiver } from './plain-receiver.ts';
import type { PlainReceiverPort } from './receiver.ts';

/** A connection for receiving without sessions. */
export interface PlainClient {
  createReceiver(): PlainReceiverPort;
  close(): Promise<void>;
}

/** Options of a `PlainSource`. */
export interface PlainSourceOptions extends SourceOptions {
  readonly openClient: () => PlainClient;
}

/** Has one receiver at a time, and replaces it when it was idle for long. */
export class PlainSource implements DeliverySource {
  readonly #options: PlainSourceOptions;
  readonly #expiry: LockExpiryCheck;
  readonly #receivers = new Set<PlainReceiver>();
  readonly #background: BackgroundTasks;
  #client: PlainClient | undefined;
  #hasReceived = false;

  constructor(options: PlainSourceOptions) {
    this.#options = options;
    this.#expiry = new LockExpiryCheck(options);
    this.#background = new BackgroundTasks(options);
  }

  async run(run: ReceiveRun): Promise<void> {
    const failed = new AbortController();
    await this.#reach(run);
    const open = () => this.#receive(run, failed);
    let receiver = open();
    try {
      const stop = AbortSignal.any([run.signal, failed.signal]);
      for (;;) {
        await this.#untilSilent(receiver, stop);
        this.#background.add(receiver.retire());
        receiver = open();
      }
    } finally {
      this.#background.add(receiver.retire());
    }
  }

  async dispose(): Promise<void> {
    const { entity, clock } = this.#options;
    const closing = [...this.#receivers].map((receiver) => receiver.close());
    await Promise.allSettled([...closing, this.#background.ended()]);
    if (this.#client !== undefined) closing.push(close(`the connection of ${entity}`, this.#client, clock));
    await allClosed(closing, entity);
  }

  /** Resolves when the entity exists and lets us in: before anything is received. */
  async #reach({ signal, connection }: ReceiveRun): Promise<void> {
    for (;;) {
      try {
        await this.#peek(signal);
        connection.succeeded();
        return;
      } catch (error) {
        signal.throwIfAborted();
        const { entity } = this.#options;
        const failure = translateError(error, { tried: 'receive from', entity, askedForSessions: false });
        await connection.failed(failure, signal);
      }
    }
  }

  async #peek(signal: AbortSignal): Promise<void> {
    const { clock, answerMs, entity } = this.#options;
    const port = this.#opened().createReceiver();
    const late = () => new DStreamError('TimedOut', `could not peek into ${entity}: no answer in time`);
    try {
      const limit = { clock, atMs: clock.monotonicMs() + answerMs, late, signal };
      await withTimeout(limit, () => port.peekMessages(1));
    } finally {
      this.#background.add(close(`a receiver of ${entity}`, port, clock));
    }
  }

  #receive({ connection, maxInFlight, budget }: ReceiveRun, failed: AbortController): PlainReceiver {
    const { entity } = this.#options;
    const receiver = new PlainReceiver({
      ...this.#options,
      port: this.#opened().createReceiver(),
      maxInFlight,
      budget,
      expiry: this.#expiry,
      arrived: () => this.#arrived(connection),
      failed: (error) => {
        const failure = translateError(error, { tried: 'receive from', entity, askedForSessions: false });
        if (this.#isFatal(failure)) failed.abort(failure);
        else connection.report(failure);
      },
      closed: () => this.#receivers.delete(receiver),
    });
    this.#receivers.add(receiver);
    receiver.start();
    return receiver;
  }

  #arrived(connection: ConnectionRetry): void {
    this.#hasReceived = true;
    connection.succeeded();
  }

  /** That a subscription requires sessions is only known when its link is opened: peeking works. */
  #isFatal(error: DStreamError): boolean {
    return error.code === 'EntityMismatch' && !this.#hasReceived;
  }

  /** Resolves when nothing arrived for long and nothing is unsettled: an idle receiver looks like a dead one. */
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
