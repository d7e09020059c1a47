/** A typed client of the faults address, for tests and scripts. */
import type { StandInCounters } from './counters.ts';
import type { FaultAnswerOf, FaultBodyOf, FaultPath } from './fault-routes.ts';

/**
 * ```ts
 * const faults = new FaultsClient(standIns.faults);
 * await faults.inject('sql/fail-statements', { pattern: 'fn_cdc_get_all_changes', number: 1205, times: 2 });
 * const { sql } = await faults.counters();
 * ```
 * Every call rejects with what the stand-ins answered when they refuse it, and with fetch's error when they are gone.
 */
export class FaultsClient {
  readonly #url: string;

  /** The address that the ready line names. */
  constructor(url: string) {
    this.#url = url.replace(/\/$/, '');
  }

  /** Resolves when the fault is in force. */
  inject<P extends FaultPath>(path: P, body: FaultBodyOf<P>): Promise<FaultAnswerOf<P>> {
    return this.#call('POST', path, body) as Promise<FaultAnswerOf<P>>;
  }

  counters(): Promise<StandInCounters> {
    return this.#call('GET', 'counters') as Promise<StandInCounters>;
  }

  /** Ends every fault and sets the counters to zero. */
  async reset(): Promise<void> {
    await this.#call('POST', 'reset');
  }

  async #call(method: string, path: string, body?: unknown): Promise<unknown> {
    const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${this.#url}/${path}`, init);
    const answer = (await response.json()) as { readonly error?: string };
    if (!response.ok) throw new Error(`${method} /${path}: ${answer.error ?? response.statusText}`);
    return answer;
  }
}
