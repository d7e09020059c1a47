/**
 * A session that this process holds.
 *
 * Held: messages arrive and are settled, the lock is renewed → ended, once, by whichever comes first: the consumer
 * closes it; the lock is lost, or not provably ours any more; its receiver broke, went silent or does not answer; the
 * subscription is disposed. Ended: `lost` has aborted, what waited to be handed out is forgotten, the receiver is
 * closed, so the broker hands out again what was not settled and counts nothing.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import {
  DStreamError,
  type Clock,
  type Delivery,
  type Log,
  type Progress,
  type SessionHold,
  type SetAside,
} from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { close, withTimeLimit } from '@dstream/service-bus/amqp';
import type { ByteBudget, Reserving } from './byte-budget.ts';
import { CreditWindow } from './credit-window.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import { toIncomingMessage } from './incoming-message.ts';
import { LockRenewal } from './lock-renewal.ts';
import { decodeProgress, encodeProgress } from './progress-state.ts';
import type { CallSignal, SessionReceiverPort } from './receiver-port.ts';
import { Settling, type SettlingLock } from './settling.ts';
import { SilenceWatch } from './silence-watch.ts';

export interface HeldSessionOptions {
  readonly port: SessionReceiverPort;
  readonly queue: DeliveryQueue;
  readonly entity: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  readonly lockDurationMs: number;
  /** Monotonic time before the call that accepted the session. */
  readonly acceptedBeforeMs: number;
  readonly maxInFlight: number;
  readonly budget: ByteBudget;
  /** Of the budget, for the first message. */
  readonly reservedBytes: number;
  readonly silenceMs: number;
  readonly answerMs: number;
  /** Told of every expiry the service reports, with the wall clock before the call. */
  readonly renewed: (expiry: Date, beforeWallMs: number) => void;
}

export class HeldSession implements SessionHold, SettlingLock, Reserving {
  readonly id: string;
  readonly #options: HeldSessionOptions;
  readonly #what: string;
  readonly #lost = new AbortController();
  readonly #renewal: LockRenewal;
  readonly #settling: Settling;
  readonly #watch: SilenceWatch;
  readonly #credit: CreditWindow;
  #handedOut = 0;
  #loops: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: HeldSessionOptions) {
    const { port, clock, random, lockDurationMs, entity } = options;
    this.#options = options;
    this.id = port.sessionId;
    this.#what = `session ${this.id} of ${entity}`;
    this.#settling = new Settling({ port, clock, entity: this.#what });
    this.#watch = new SilenceWatch({
      port,
      clock,
      silenceMs: options.silenceMs,
      isAsking: () => this.#credit.hasCredit,
    });
    this.#credit = new CreditWindow({ ...options, resumed: () => this.#watch.resumed() });
    this.#renewal = new LockRenewal({
      clock,
      random,
      what: this.#what,
      durationMs: lockDurationMs,
      beforeMs: options.acceptedBeforeMs,
      renew: (signal) =>
        this.#call('renew the lock of', () => port.renewSessionLock({ abortSignal: signal })),
      renewed: options.renewed,
      lost: (reason) => this.end(reason),
    });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** False while the consumer has seen nothing of it: then nobody else will close it. */
  get wasHandedOut(): boolean {
    return this.#handedOut > 0;
  }

  /** Makes sure of the lock, then lets messages come. Rejects when the lock is gone already. */
  async start(signal: AbortSignal): Promise<void> {
    if (!this.#renewal.isGood) await this.#renewal.confirm(signal);
    this.#loops = Promise.all([this.#renewal.run(this.lost), this.#watchOver(this.lost)]);
    this.#options.port.subscribe(
      {
        processMessage: (message) => this.#arrived(message),
        processError: async ({ error }) => this.end(this.#broken(error)),
      },
      { maxConcurrentCalls: this.#credit.atStart, autoCompleteMessages: false },
    );
  }

  async load(): Promise<Progress | undefined> {
    const state = await this.#underLock('read the state of', (o) => this.#options.port.getSessionState(o));
    const progress = decodeProgress(state);
    if (progress === 'unreadable') {
      const sentence = 'the state of a session cannot be understood: it is taken as empty';
      this.#options.log.warn(sentence, { session: this.id, entity: this.#options.entity });
    }
    return typeof progress === 'string' ? undefined : progress;
  }

  async save(progress: Progress): Promise<void> {
    const state = encodeProgress(progress);
    await this.#underLock('write the state of', (o) => this.#options.port.setSessionState(state, o));
  }

  lapse(): void {
    this.#credit.lapse();
  }

  close(): Promise<void> {
    this.end(new DStreamError('LockLost', `${this.#what} was given back`));
    return this.#closed ?? Promise.resolve();
  }

  end(reason: DStreamError): void {
    if (this.#closed !== undefined) return;
    const { queue, log, entity } = this.#options;
    this.#closed = this.#close();
    this.#closed.catch((error: unknown) =>
      log.debug('a session did not close', { session: this.id, entity, error }),
    );
    queue.dropOf(this);
    this.#lost.abort(reason);
    this.#settling.ended(this);
    this.#credit.end();
  }

  async #close(): Promise<void> {
    const { port, clock } = this.#options;
    try {
      await close(this.#what, port, clock);
    } finally {
      await this.#loops;
    }
  }

  assertGood(): void {
    if (!this.#renewal.isGood)
      this.end(new DStreamError('LockLost', `${this.#what}: the lock is not provably ours`));
    this.lost.throwIfAborted();
  }

  /** Resolves when the SDK may ask for one more. */
  #arrived(received: ServiceBusReceivedMessage): Promise<void> {
    if (this.lost.aborted) return Promise.resolve();
    this.#watch.arrived(received);
    const delivery = this.#delivery(received);
    this.#options.queue.push({ owner: this, delivery, taken: () => (this.#handedOut += 1) });
    return this.#credit.arrived(delivery.message.body.length);
  }

  #delivery(message: ServiceBusReceivedMessage): Delivery {
    const settling = this.#settling;
    const incoming = toIncomingMessage(message);
    const settled = () => this.#credit.settled(incoming.body.length);
    return {
      message: incoming,
      deliveryCount: message.deliveryCount ?? 0,
      lockLost: this.lost,
      session: this,
      complete: () => settling.complete(message, this).then(settled),
      deadLetter: (reason: string, description: string, properties: SetAside) =>
        settling.deadLetter(message, this, { reason, description, properties }).then(settled),
    };
  }

  /** Looks, a few times per limit, whether the receiver is still alive. Never rejects. */
  async #watchOver(signal: AbortSignal): Promise<void> {
    const { clock, silenceMs, answerMs, port } = this.#options;
    try {
      for (;;) {
        await clock.sleep(Math.min(silenceMs, answerMs) / 4, signal);
        this.#settling.endUnanswered(answerMs);
        if (port.isClosed) this.end(this.#broken(new Error('its link was closed by the service')));
        // What is accepted has messages. When they expired meanwhile nobody is told of it, who would give it back.
        if (this.#watch.cameForNothing(silenceMs)) this.end(this.#cameForNothing());
        if (await this.#watch.isSilent(signal)) this.#endSilent();
      }
    } catch (error) {
      if (!signal.aborted) this.end(this.#broken(error));
    }
  }

  #cameForNothing(): DStreamError {
    return new DStreamError('LockLost', `${this.#what}: no message came by it`);
  }

  #endSilent(): void {
    const { log, entity } = this.#options;
    const sentence =
      'a session has messages but its receiver delivers none: it is given back and accepted again';
    log.warn(sentence, { session: this.id, entity });
    this.end(new DStreamError('LockLost', `${this.#what}: its receiver went silent`));
  }

  async #underLock<T>(tried: string, call: (o: CallSignal) => Promise<T>): Promise<T> {
    this.assertGood();
    const { clock, answerMs } = this.#options;
    const atMs = Math.min(this.#renewal.goodUntilMs, clock.monotonicMs() + answerMs);
    const late = () => new DStreamError('TimedOut', `could not ${tried} ${this.#what}: no answer in time`);
    try {
      return await withTimeLimit({ clock, atMs, late, signal: this.lost }, (abortSignal) =>
        this.#call(tried, () => call({ abortSignal })),
      );
    } catch (error) {
      if (error instanceof DStreamError && error.disposition === 'lost') this.end(error);
      throw error;
    }
  }

  async #call<T>(tried: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      if (this.#options.port.isClosed) throw this.#broken(error);
      throw translateError(error, { tried, entity: this.#what });
    }
  }

  #broken(cause: unknown): DStreamError {
    return new DStreamError('LockLost', `${this.#what}: its receiver broke`, { cause });
  }
}
