import {
  asDStreamError,
  DStreamError,
  partitionName,
  renewalDue,
  type Clock,
  type Lease,
  type LeaseStore,
  type Log,
} from '@dstream/core';
import { retry, withTimeout, type SharedFailurePart } from '@dstream/async';

interface LeaseKeeperOptions {
  readonly leases: LeaseStore;
  readonly durationMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Receives the outcome of every attempt to renew. Its wait is not used: a lease ends. */
  readonly failureLog: Pick<SharedFailurePart, 'failed' | 'succeeded'>;
}

/**
 * Keeps one lease renewed. Held → lost (somebody else has it, or our own clock can no longer prove that it is ours).
 * Lost is final: the owner stops, and the partition is acquired again with a new epoch, here or elsewhere.
 */
export class LeaseKeeper {
  readonly #options: LeaseKeeperOptions;
  readonly #lost = new AbortController();
  #lease: Lease;

  constructor(lease: Lease, options: LeaseKeeperOptions) {
    this.#lease = lease;
    this.#options = options;
  }

  get lease(): Lease {
    return this.#lease;
  }

  /** Aborts when the lease is lost, at the latest when it stops being good. */
  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /**
   * To be called right before a send or a save starts. Throws LeaseLost when the clock has passed what is proven,
   * also when no timer could fire in time (a suspended process, a blocked event loop).
   */
  assertHeld(): void {
    if (this.#options.clock.monotonicMs() >= this.#lease.goodUntilMs) this.#lose(this.#expired());
    this.#lost.signal.throwIfAborted();
  }

  /**
   * Renews until `until` aborts or the lease is lost, each time a third of the duration after the call began that
   * granted it: an acquisition may have taken long. Never rejects.
   */
  async run(until: AbortSignal): Promise<void> {
    const { clock, durationMs } = this.#options;
    try {
      while (!this.#lost.signal.aborted) {
        await clock.sleep(renewalDue(this.#lease.goodUntilMs, durationMs) - clock.monotonicMs(), until);
        await this.#renew(until);
      }
    } catch (error) {
      if (!until.aborted) this.#lose(asDStreamError(error));
    }
  }

  async #renew(until: AbortSignal): Promise<void> {
    const { clock, leases, failureLog } = this.#options;
    const limit = { clock, atMs: this.#lease.goodUntilMs, late: () => this.#expired(), signal: until };
    this.#lease = await withTimeout(limit, (signal) =>
      retry(() => leases.renew(this.#lease, { signal }), signal, {
        clock,
        failureLog: { failed: (error) => failureLog.failed(error), succeeded: () => failureLog.succeeded() },
        maxMs: 2_000,
        again: (error) => error.disposition !== 'lost',
      }),
    );
  }

  #lose(error: DStreamError): void {
    if (this.#lost.signal.aborted) return;
    this.#options.log.warn('lease lost', { reason: error.message });
    this.#lost.abort(error.disposition === 'lost' ? error : new DStreamError('LeaseLost', error.message));
  }

  #expired(): DStreamError {
    const { partition, epoch } = this.#lease;
    return new DStreamError(
      'LeaseLost',
      `the lease of ${partitionName(partition)} (epoch ${epoch}) could not be renewed in time: another replica may own it now`,
    );
  }
}
