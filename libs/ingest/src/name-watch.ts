import type { Announced, Clock, InstanceId, Log } from '@dstream/core';

const remindMs = 600_000;

export interface NameWatchOptions {
  readonly instance: InstanceId;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
}

/**
 * Warns when another live replica has this one's name: logs and `/status` cannot tell the two apart. What a killed
 * process of the same name has left ends within a lease, so only what lasts longer is reported.
 */
export class NameWatch {
  readonly #options: NameWatchOptions;
  #sinceMs: number | undefined;
  #saidAtMs = -Infinity;

  constructor(options: NameWatchOptions) {
    this.#options = options;
  }

  /** To be called with everybody who is announced now, at every look. */
  look(instances: readonly Announced[]): void {
    const { instance, leaseDurationMs, clock } = this.#options;
    const replicas = instances.filter((one) => one.instance === instance).length;
    const now = clock.monotonicMs();
    this.#sinceMs = replicas > 1 ? (this.#sinceMs ?? now) : undefined;
    if (this.#sinceMs === undefined || now - this.#sinceMs <= leaseDurationMs) return;
    if (now - this.#saidAtMs < remindMs) return;
    this.#saidAtMs = now;
    this.#options.log.warn(
      'another replica has the same name; give each its own with --instance or DSTREAM_INSTANCE',
      { instance, replicas },
    );
  }
}
