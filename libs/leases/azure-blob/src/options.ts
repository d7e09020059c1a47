import { DStreamError, type ChangeSource, type Clock, type InstanceId, type Log } from '@dstream/core';
import type { BlobAddress } from './address.ts';

export type BlobLeasesOptions = BlobAddress & BlobLeasesSettings;

export interface BlobLeasesSettings {
  readonly containerName: string;
  /** Whose partitions they are: its scope is the first two parts of every blob's name. Read when it is used. */
  readonly source: Pick<ChangeSource, 'scope'>;
  /** This replica: written beside every lease it takes. */
  readonly instance: InstanceId;
  /** How long a lease lasts without renewal, in whole seconds from 15 to 60 (the service's limits). */
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
  /** Makes random UUIDs: lease ids, and the ends of announcements' names. */
  readonly newId: () => string;
}

/** The share of a lease that one call to the storage may take: as much as `goodUntil` keeps back. */
const callShare = 0.2;

/** How long a call may take. A save that starts just before its lease stops being good ends before it expires. */
export function callTimeoutMs(options: Pick<BlobLeasesSettings, 'leaseDurationMs'>): number {
  return options.leaseDurationMs * callShare;
}

/** Throws ConfigInvalid for a duration that the service refuses (Lease Blob: 15 to 60 seconds). */
export function checkDuration(durationMs: number): void {
  if (durationMs % 1_000 === 0 && durationMs >= 15_000 && durationMs <= 60_000) return;
  throw new DStreamError(
    'ConfigInvalid',
    `a blob lease lasts whole seconds from 15 to 60, not ${durationMs} ms: set lease { duration = "30s" }`,
  );
}
