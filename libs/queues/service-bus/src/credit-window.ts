/**
 * The credit of one receiver. The SDK gives the broker so much of it at the start, and one more whenever the promise of a
 * message resolves; it cannot be given more at a time, nor any be taken back. So at the start it gets what the budget has,
 * and the promise of a message is kept back until there is room for one more: also before the message is settled, so that up
 * to `maxInFlight` are unsettled whatever the start was.
 */
import { messageMemory } from '@dstream/core';
import type { ByteBudget, Claimant, Reserving } from './byte-budget.ts';

export interface CreditWindowOptions {
  readonly budget: ByteBudget;
  readonly maxInFlight: number;
  /** Reserved in the budget for the first message already; 0 when nothing is. */
  readonly reservedBytes: number;
  /** Called when the broker may send again after it could not. */
  readonly resumed: () => void;
}

export class CreditWindow implements Claimant, Reserving {
  readonly #options: CreditWindowOptions;
  /** What the SDK is to give at the start. */
  readonly atStart: number;
  /** Each makes the SDK give one more. */
  readonly #withheld: (() => void)[] = [];
  #expectedBytes: number;
  /** Credit that the broker has, and what is reserved for it. */
  #outstanding: number;
  #reservedBytes: number;
  #unsettled = 0;
  #heldBytes = 0;
  #movedSinceLapse = true;
  #ended = false;

  constructor(options: CreditWindowOptions) {
    const { budget, maxInFlight, reservedBytes } = options;
    this.#options = options;
    this.#expectedBytes = budget.typicalBytes;
    this.atStart = this.#outstanding = budget.reserveAtOnce(maxInFlight, this.#expectedBytes, reservedBytes);
    this.#reservedBytes = this.atStart * this.#expectedBytes;
  }

  get usedBytes(): number {
    return this.#heldBytes + this.#reservedBytes;
  }

  get expectedBytes(): number {
    return this.#expectedBytes;
  }

  /** False: it is right that nothing comes. */
  get hasCredit(): boolean {
    return this.#outstanding > 0;
  }

  /** A message has come. Resolves when the SDK may ask for one more, or when there will be none. */
  arrived(bodyBytes: number): Promise<void> {
    if (this.#ended) return Promise.resolve();
    const bytes = messageMemory(bodyBytes);
    this.#movedSinceLapse = true;
    this.#unsettled += 1;
    this.#heldBytes += bytes;
    this.#options.budget.use(bytes);
    this.#unreserveOne();
    this.#expectedBytes = this.#options.budget.expectAfter(bytes, this.#expectedBytes);
    return new Promise((resolve) => {
      this.#withheld.push(resolve);
      this.#claim();
    });
  }

  settled(bodyBytes: number): void {
    if (this.#ended) return;
    const bytes = messageMemory(bodyBytes);
    this.#unsettled -= 1;
    this.#heldBytes -= bytes;
    this.#options.budget.free(bytes);
    this.#claim();
  }

  granted(bytes: number): void {
    this.#movedSinceLapse = true;
    this.#reservedBytes += bytes;
    this.#outstanding += 1;
    if (this.#outstanding === 1) this.#options.resumed();
    this.#withheld.shift()?.();
    this.#claim();
  }

  lapse(): void {
    if (!this.#movedSinceLapse) this.#unreserve(this.#reservedBytes);
    this.#movedSinceLapse = false;
  }

  /** Frees everything, and lets go whoever waits. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    const { budget } = this.#options;
    budget.withdraw(this);
    budget.free(this.usedBytes);
    this.#heldBytes = this.#reservedBytes = 0;
    for (const resolve of this.#withheld.splice(0)) resolve();
  }

  #claim(): void {
    const open = this.#outstanding + this.#unsettled < this.#options.maxInFlight;
    if (!this.#ended && open && this.#withheld.length > 0) this.#options.budget.claim(this);
  }

  /** After a reconnect the SDK gives anew all that it gave at the start: more may come than is counted here. */
  #unreserveOne(): void {
    if (this.#outstanding === 0) return;
    const share = this.#reservedBytes / this.#outstanding;
    this.#outstanding -= 1;
    this.#unreserve(share);
  }

  #unreserve(bytes: number): void {
    this.#reservedBytes -= bytes;
    this.#options.budget.free(bytes);
  }
}
