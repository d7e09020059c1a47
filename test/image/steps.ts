/** Steps of a test, each with a limit of its own and a line of what came of it. */
import type { Report } from '../foreign/foreign-client.ts';

/** Rejects with what is wrong; may resolve with a figure. */
export type Work = (signal: AbortSignal) => Promise<string | undefined>;

export class Steps {
  readonly #report: Report;
  readonly #signal: AbortSignal;

  constructor(report: Report, signal: AbortSignal) {
    this.#report = report;
    this.#signal = signal;
  }

  /** Resolves with whether it passed; a failure is reported. The work is aborted when its time is over. */
  async run(name: string, limitMs: number, work: Work): Promise<boolean> {
    const startMs = performance.now();
    try {
      const figure = await work(this.limit(limitMs));
      const took = `${((performance.now() - startMs) / 1_000).toFixed(1)} s`;
      this.#report.passed(figure === undefined ? `${name} (${took})` : `${name} (${took}): ${figure}`);
      return true;
    } catch (error) {
      this.#report.failed(name, error instanceof Error ? error.message : String(error));
      return false;
    }
  }

  limit(limitMs: number): AbortSignal {
    return AbortSignal.any([this.#signal, AbortSignal.timeout(limitMs)]);
  }
}
