/** How much the broker may send to one receiver. */
import { messageMemory } from '@dstream/core';
import type { BudgetWindow, ByteBudget } from './byte-budget.ts';

/** Options of a `CreditWindow`. */
export interface CreditWindowOptions {
  readonly budget: ByteBudget;
  readonly maxInFlight: number;
  /** Reserved in the budget for the first message already; 0 when nothing is. */
  readonly reservedBytes: number;
  /** Gives one credit, and the next ones only after the first message was settled. */
  readonly oneAtFirst?: boolean;
  /** Called when the broker may send again after it could not. */
  readonly resumed: () => void;
}

/**
 * The credit of one receiver. The SDK gives the broker a number of credits at the start, and one more whenever the promise
 * of a message resolves. So at the start it gets what the budget has, and the promise of a message is kept back until there
 * is room for one more: possibly before the message is settled, so that up to `maxInFlight` are unsettled whatever the start was.
 */
export class CreditWindow implements BudgetWindow {
  readonly #options: CreditWindowOptions;
  /** Credits that the SDK is to give at the start. */
  readonly atStart: number;
  /** Each makes the SDK give one more. */
  readonly #withheld: (() => void)[] = [];
  #expectedBytes: number;
  /** Credits that the broker has. */
  #outstanding: number;
  #reservedBytes: number;
  #unsettled = 0;
  #heldBytes = 0;
  /** Unsettled messages, at most. */
  #limit: number;
  #waits = false;
  #movedSinceLapse = true;
  #ended = false;

  constructor(options: CreditWindowOptions) {
    const { budget, maxInFlight, reservedBytes, oneAtFirst = false } = options;
    this.#options = options;
    this.#limit = oneAtFirst ? 1 : maxInFlight;
    this.#expectedBytes = budget.typicalBytes;
    this.atStart = this.#outstanding = budget.open(this, this.#limit, this.#expectedBytes, reservedBytes);
    this.#reservedBytes = this.atStart * this.#expectedBytes;
  }

  get usedBytes(): number {
    return this.#waits ? 0 : this.#heldBytes + this.#reservedBytes;
  }

  get expectedBytes(): number {
    return this.#expectedBytes;
  }

  /** False: silence is expected. */
  get hasCredit(): boolean {
    return this.#outstanding > 0;
  }

  /** A message arrived. Resolves when the SDK may ask for one more, or when the receiver ended. */
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
    this.#limit = this.#options.maxInFlight;
    this.#options.budget.free(bytes);
    this.#claim();
  }

  /** Until `resume` what it holds does not count, and it asks for nothing. False with more than one message, here or on its way. */
  wait(): boolean {
    if (this.#ended || this.#outstanding > 0 || this.#unsettled > 1) return false;
    this.#options.budget.withdraw(this);
    const { usedBytes } = this;
    this.#waits = true;
    this.#options.budget.free(usedBytes);
    return true;
  }

  resume(): void {
    if (this.#ended || !this.#waits) return;
    this.#waits = false;
    this.#options.budget.resume(this.usedBytes);
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

  /** Frees what is reserved when nothing arrived and nothing was granted since the last call. */
  lapse(): void {
    if (!this.#movedSinceLapse) this.#unreserve(this.#reservedBytes);
    this.#movedSinceLapse = false;
  }

  /** Frees everything, and resolves every `arrived`. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.budget.close(this);
    this.#heldBytes = this.#reservedBytes = 0;
    for (const resolve of this.#withheld.splice(0)) resolve();
  }

  #claim(): void {
    const open = !this.#waits && this.#outstanding + this.#unsettled < this.#limit;
    if (!this.#ended && open && this.#withheld.length > 0) this.#options.budget.claim(this);
  }

  /** After a reconnect the SDK gives all its credits anew: more may arrive than is counted here. */
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
