/** What hits the tables of a replica alike is logged once for all of them: one outage of the broker is one line, not 300. */
import type { Clock, Log } from '@dstream/core';
import { CommonOutage, type OutagePart } from '@dstream/async';

/** What one owned table tells of its attempts. */
export interface TableOutages {
  /** Of the database, and of everything else that keeps the table from being read. */
  readonly moving: OutagePart;
  readonly sending: OutagePart;
  readonly saving: OutagePart;
  readonly renewing: OutagePart;
  readonly releasing: OutagePart;
  /** The table is owned here no more. */
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

  /** @param table its name, for the log */
  of(table: string): TableOutages {
    const parts = {
      moving: this.moving.part(table),
      sending: this.#sending.part(table),
      saving: this.#saving.part(table),
      renewing: this.#renewing.part(table),
      releasing: this.#releasing.part(table),
    };
    return { ...parts, left: () => Object.values(parts).forEach((part) => part.left()) };
  }
}
