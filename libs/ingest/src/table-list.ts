/** The configured tables as the source last listed them. A list that cannot be renewed is used on. */
import { asDStreamError, DStreamError, type ChangeSource, type Clock, type TableId } from '@dstream/core';
import { withDeadline, type OutagePart } from '@dstream/async';

/** How long a list is used before the source is asked again. */
export const freshMs = 30_000;

export interface TableListOptions {
  readonly source: ChangeSource;
  readonly clock: Clock;
  /** Told of every answer that is late or fails. */
  readonly outage: Pick<OutagePart, 'failed' | 'succeeded'>;
  /** Longest time of one question, in milliseconds: the announcement must not wait for a slow database. */
  readonly patienceMs: number;
}

export class TableList {
  readonly #options: TableListOptions;
  #tables: readonly TableId[] = [];
  #listedAtMs = -Infinity;

  constructor(options: TableListOptions) {
    this.#options = options;
  }

  get tables(): readonly TableId[] {
    return this.#tables;
  }

  /** Milliseconds since the source answered last. */
  get ageMs(): number {
    return this.#options.clock.monotonicMs() - this.#listedAtMs;
  }

  /** Asks the source. Rejects with what it throws. */
  async refresh(signal: AbortSignal): Promise<void> {
    this.#tables = await this.#options.source.tables({ signal });
    this.#listedAtMs = this.#options.clock.monotonicMs();
  }

  /** Asks again when the list is old. A failure is said and the old list stays; rejects only on abort. */
  async keepFresh(signal: AbortSignal): Promise<void> {
    if (this.ageMs < freshMs) return;
    const { clock, patienceMs } = this.#options;
    const late = () => new DStreamError('TimedOut', 'the database did not list its tables in time');
    try {
      await withDeadline(clock, clock.monotonicMs() + patienceMs, late, signal, (s) => this.refresh(s));
      this.#options.outage.succeeded();
    } catch (error) {
      signal.throwIfAborted();
      this.#options.outage.failed(asDStreamError(error));
    }
  }
}
