/** What hits the partitions of a replica alike is logged once for all of them: one outage of the broker is one line, not 300. */
import type { Clock, Log } from '@dstream/core';
import { SharedFailureLog, type SharedFailurePart } from '@dstream/async';

/** What one owned partition tells of its attempts. */
export interface PartitionFailureLogs {
  /** Of the database, and of everything else that keeps the partition from being read. */
  readonly moving: SharedFailurePart;
  readonly sending: SharedFailurePart;
  readonly saving: SharedFailurePart;
  readonly renewing: SharedFailurePart;
  readonly releasing: SharedFailurePart;
  /** The partition is owned here no more. */
  left(): void;
}

export class ReplicaFailureLogs {
  readonly moving: SharedFailureLog;
  readonly #sending: SharedFailureLog;
  readonly #saving: SharedFailureLog;
  readonly #renewing: SharedFailureLog;
  readonly #releasing: SharedFailureLog;

  constructor({ log, clock, random }: { log: Log; clock: Clock; random: () => number }) {
    const shared = (what: string) => new SharedFailureLog(what, 'tables', log, clock, random);
    this.moving = shared('moving tables');
    this.#sending = shared('sending to the topic');
    this.#saving = shared('saving checkpoints');
    this.#renewing = shared('renewing leases');
    this.#releasing = shared('releasing tables');
  }

  /** @param name of the partition, for the log */
  of(name: string): PartitionFailureLogs {
    const parts = {
      moving: this.moving.part(name),
      sending: this.#sending.part(name),
      saving: this.#saving.part(name),
      renewing: this.#renewing.part(name),
      releasing: this.#releasing.part(name),
    };
    return { ...parts, left: () => Object.values(parts).forEach((part) => part.left()) };
  }
}
