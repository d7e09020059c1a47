/** What hits the partitions of a replica alike is logged once for all of them: one outage of the broker is one line, not 300. */
import type { Clock, Log } from '@dstream/core';
import { CommonOutage, type OutagePart } from '@dstream/async';

/** What one owned partition tells of its attempts. */
export interface PartitionOutages {
  /** Of the database, and of everything else that keeps the partition from being read. */
  readonly moving: OutagePart;
  readonly sending: OutagePart;
  readonly saving: OutagePart;
  readonly renewing: OutagePart;
  readonly releasing: OutagePart;
  /** The partition is owned here no more. */
  left(): void;
}

export class ReplicaOutages {
  readonly moving: CommonOutage;
  readonly #sending: CommonOutage;
  readonly #saving: CommonOutage;
  readonly #renewing: CommonOutage;
  readonly #releasing: CommonOutage;

  constructor({ log, clock, random }: { log: Log; clock: Clock; random: () => number }) {
    const outage = (what: string) => new CommonOutage(what, 'tables', log, clock, random);
    this.moving = outage('moving tables');
    this.#sending = outage('sending to the topic');
    this.#saving = outage('saving checkpoints');
    this.#renewing = outage('renewing leases');
    this.#releasing = outage('releasing tables');
  }

  /** @param name of the partition, for the log */
  of(name: string): PartitionOutages {
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
