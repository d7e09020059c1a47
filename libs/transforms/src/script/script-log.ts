import { withoutSecrets, type Clock, type Log } from '@dstream/core';
import type { LogEntry } from './script-engine.ts';

const maxEntriesPerSecond = 10;

/** Writes what a script logs to the log of the process, at most ten entries a second. */
export class ScriptLog {
  readonly #log: Log;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #second = -1;
  #written = 0;
  #suppressed = 0;

  constructor(log: Log, clock: Pick<Clock, 'monotonicMs'>) {
    this.#log = log;
    this.#clock = clock;
  }

  write(entries: readonly LogEntry[]): void {
    for (const entry of entries) this.#write(entry);
  }

  #write({ level, message }: LogEntry): void {
    const second = Math.floor(this.#clock.monotonicMs() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#written = 0;
    }
    if (this.#written >= maxEntriesPerSecond) {
      this.#suppressed += 1;
      return;
    }
    this.#written += 1;
    const fields = {
      message: withoutSecrets(message),
      ...(this.#suppressed > 0 && { suppressed: this.#suppressed }),
    };
    this.#suppressed = 0;
    if (level === 'info') this.#log.info('script', fields);
    else this.#log.debug('script', fields);
  }
}
