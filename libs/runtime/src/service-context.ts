import type { AdapterServices, Clock, CredentialOf, InstanceId, Log } from '@dstream/core';
import type { Metrics } from './metrics.ts';
import { sha256Hex } from './sha256-hex.ts';

/** What a process gives to a service it composes. */
export interface ServiceContext<C> {
  readonly instance: InstanceId;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly configuration: C;
  /** Who signs in where there is no connection string. One an identity for the process. */
  readonly credential: CredentialOf;
  /** Where this process serves `/status`, as `http://127.0.0.1:8080`; undefined before it does, and when it does not. */
  readonly httpAddress: () => string | undefined;
}

/** What every adapter gets that a process opens. */
export function adapterServices({
  clock,
  log,
  credential,
}: Pick<ServiceContext<unknown>, 'clock' | 'log' | 'credential'>): AdapterServices {
  return { clock, log, credential, random: Math.random, hash: sha256Hex };
}
