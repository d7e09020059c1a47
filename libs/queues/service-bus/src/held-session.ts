/**
 * A session that this process holds.
 *
 * Held: messages arrive and are settled, the lock is renewed → ended, once, by whichever comes first: the consumer
 * closes it; the lock is lost or may have expired; its receiver failed, stalled or does not answer; the subscription is
 * disposed. Ended: `lost` has aborted, deliveries that were not handed out are dropped, and the receiver is closed, so the
 * broker delivers again what was not settled, and counts no delivery for it.
 */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import { DStreamError, type Delivery, type Position, type Progress, type SessionLock } from '@dstream/core';
import type { DeadLetterProperties } from '@dstream/core';
import { translateError } from '@dstream/service-bus';
import { close, withTimeout } from '@dstream/async';
import type { SourceOptions } from './delivery-source.ts';
import { LockRenewal, type LockExpiryCheck } from './lock-renewal.ts';
import { CreditWindow, type CreditWindowOptions } from './credit-window.ts';
import { toIncomingMessage, type CallSignal, type SessionReceiverPort } from './receiver.ts';
import { Settlement, type SettlementLock } from './settlement.ts';
import { SilenceWatch } from './silence-watch.ts';

/** Options of a `HeldSession`. */
export interface HeldSessionOptions extends SourceOptions, Omit<CreditWindowOptions, 'resumed'> {
  readonly port: SessionReceiverPort;
  /** Monotonic time before the call that accepted the session. */
  readonly acceptedBeforeMs: number;
  readonly expiry: LockExpiryCheck;
  /** Called when the session begins to wait for its destination, and when it waits no more. */
  readonly waits: (waits: boolean) => void;
}

/** One session, from its accept to its close. */
export class HeldSession implements SessionLock, SettlementLock {
  readonly id: string;
  readonly #options: HeldSessionOptions;
  readonly #what: string;
  readonly #lost = new AbortController();
  readonly #renewal: LockRenewal;
  readonly #settlement: Settlement;
  readonly #silence: SilenceWatch;
  readonly #credit: CreditWindow;
  #handedOut = 0;
  #loops: Promise<unknown> = Promise.resolve();
  #closed: Promise<void> | undefined;

  constructor(options: HeldSessionOptions) {
    const { port, clock, random, lockDurationMs, entity, silenceMs, expiry } = options;
    this.#options = options;
    this.id = port.sessionId;
    this.#what = `session ${this.id} of ${entity}`;
    this.#settlement = new Settlement({ port, clock, entity: this.#what });
    this.#silence = new SilenceWatch({ port, clock, silenceMs, isAsking: () => this.#credit.hasCredit });
    this.#credit = new CreditWindow({ ...options, resumed: () => this.#silence.resumed() });
    this.#renewal = new LockRenewal({
      clock,
      random,
      what: this.#what,
      durationMs: lockDurationMs,
      beforeMs: options.acceptedBeforeMs,
      renew: (signal) =>
        this.#call('renew the lock of', () => port.renewSessionLock({ abortSignal: signal })),
      renewed: (reported, beforeWallMs) => expiry.check(reported, beforeWallMs),
      lost: (reason) => this.end(reason),
    });
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** False while the consumer has seen no delivery of it, and therefore will not close it. */
  get wasHandedOut(): boolean {
    return this.#handedOut > 0;
  }

  /** Makes sure of the lock, then starts to receive. Rejects when the lock is gone already. */
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
      const { log, entity } = this.#options;
      log.warn('could not read the session state; treating it as empty', { session: this.id, entity });
    }
    return typeof progress === 'string' ? undefined : progress;
  }

  async save(progress: Progress): Promise<void> {
    const state = encodeProgress(progress);
    await this.#underLock('write the state of', (o) => this.#options.port.setSessionState(state, o));
  }

  wait(): boolean {
    if (this.lost.aborted || !this.#credit.wait()) return false;
    this.#options.waits(true);
    return true;
  }

  resume(): void {
    if (this.lost.aborted) return;
    this.#options.waits(false);
    this.#credit.resume();
  }

  close(): Promise<void> {
    this.end(new DStreamError('LockLost', `${this.#what} was released`));
    return this.#closed ?? Promise.resolve();
  }

  end(reason: DStreamError): void {
    if (this.#closed !== undefined) return;
    const { queue, log, entity } = this.#options;
    this.#closed = this.#close();
    this.#closed.catch((error: unknown) =>
      log.debug('could not close session', { session: this.id, entity, error }),
    );
    queue.dropOf(this);
    this.#lost.abort(reason);
    this.#settlement.ended(this);
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

  assertHeld(): void {
    if (!this.#renewal.isGood) this.end(this.#lostBy('the lock may have expired'));
    this.lost.throwIfAborted();
  }

  /** Resolves when the SDK may ask for one more. */
  #arrived(received: ServiceBusReceivedMessage): Promise<void> {
    if (this.lost.aborted) return Promise.resolve();
    this.#silence.arrived(received);
    const delivery = this.#delivery(received);
    this.#options.queue.push({ owner: this, delivery, taken: () => (this.#handedOut += 1) });
    return this.#credit.arrived(delivery.message.body.length);
  }

  #delivery(message: ServiceBusReceivedMessage): Delivery {
    const settlement = this.#settlement;
    const incoming = toIncomingMessage(message);
    const settled = () => this.#credit.settled(incoming.body.length);
    return {
      message: incoming,
      deliveryCount: message.deliveryCount ?? 0,
      lockLost: this.lost,
      session: this,
      complete: () => settlement.complete(message, this).then(settled),
      deadLetter: (reason: string, description: string, properties: DeadLetterProperties) =>
        settlement.deadLetter(message, this, { reason, description, properties }).then(settled),
    };
  }

  /** Checks, a few times per limit, whether the receiver is still alive. Never rejects. */
  async #watchOver(signal: AbortSignal): Promise<void> {
    const { clock, silenceMs, answerMs, port } = this.#options;
    try {
      for (;;) {
        await clock.sleep(Math.min(silenceMs, answerMs) / 4, signal);
        this.#settlement.endUnanswered(answerMs);
        if (port.isClosed) this.end(this.#broken(new Error('its link was closed by the service')));
        // A session is accepted because it has messages. They may have expired meanwhile: then the consumer never sees
        // the session, and does not close it.
        if (this.#silence.hasReceivedNothing(silenceMs)) this.end(this.#lostBy('no message arrived'));
        if (await this.#silence.isSilent(signal)) this.#endSilent();
      }
    } catch (error) {
      if (!signal.aborted) this.end(this.#broken(error));
    }
  }

  #endSilent(): void {
    const { log, entity } = this.#options;
    log.warn('session receiver stalled; accepting the session again', { session: this.id, entity });
    this.end(this.#lostBy('its receiver stalled'));
  }

  async #underLock<T>(tried: string, call: (o: CallSignal) => Promise<T>): Promise<T> {
    this.assertHeld();
    const { clock, answerMs } = this.#options;
    const atMs = Math.min(this.#renewal.goodUntilMs, clock.monotonicMs() + answerMs);
    const late = () => new DStreamError('TimedOut', `could not ${tried} ${this.#what}: no answer in time`);
    try {
      return await withTimeout({ clock, atMs, late, signal: this.lost }, (abortSignal) =>
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
    return this.#lostBy('its receiver failed', cause);
  }

  #lostBy(why: string, cause?: unknown): DStreamError {
    return new DStreamError('LockLost', `${this.#what}: ${why}`, { cause });
  }
}

const stateVersion = 1;

/** The session's state: small JSON, `{"v":1,"generation":…,"position":"…"}`. The SDK stores bytes as they are. */
export function encodeProgress({ generation, position }: Progress): Buffer {
  return Buffer.from(JSON.stringify({ v: stateVersion, generation, position }), 'utf8');
}

/** Takes what the SDK gives: nothing, the parsed JSON, or the bytes where they are not JSON. `unreadable`: not written by this version. */
export function decodeProgress(state: unknown): Progress | 'none' | 'unreadable' {
  if (state === undefined || state === null) return 'none';
  if (state instanceof Uint8Array) return state.length === 0 ? 'none' : 'unreadable';
  if (typeof state !== 'object') return 'unreadable';
  const { v, generation, position } = state as Record<string, unknown>;
  if (v !== stateVersion || !Number.isSafeInteger(generation) || typeof position !== 'string')
    return 'unreadable';
  return { generation: generation as number, position: position as Position };
}
