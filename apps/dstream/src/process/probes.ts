/** What a process answers to the probes of its supervisor: a restart must cure what `/livez` reports, and a wait what `/readyz` does. */
import type { StopSignals } from '@dstream/core';
import type { RunningService } from '@dstream/runtime';

/** Why it is not; undefined when it is. Called for each request. */
export interface Probes {
  readonly notAlive: () => string | undefined;
  readonly notReady: () => string | undefined;
}

/**
 * Alive until it is aborted: an outage is waited for, and a loop that is stuck answers nothing. Ready while all of its services
 * are, until it is asked to stop: then what it was about to reach no longer matters.
 */
export function probes(
  services: readonly Pick<RunningService, 'notReady'>[],
  { draining, aborted }: StopSignals,
): Probes {
  return {
    notAlive: () => (aborted.aborted ? 'aborted' : undefined),
    notReady: () =>
      draining.aborted
        ? 'stopping'
        : services.map((service) => service.notReady()).find((reason) => reason !== undefined),
  };
}
