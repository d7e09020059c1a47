/** What all stand-ins have seen since the start or the last reset. */
import type { Blobs } from '@dstream/stand-in-blobs';
import type { EventHubsStandIn } from '@dstream/stand-in-amqp';
import type { ServiceBusStandIn } from '@dstream/stand-in-amqp';
import type { SqlCounters, SqlFaults } from './sql-faults.ts';

export interface StandInCounters {
  readonly sql: SqlCounters & { readonly openConnections: number };
  readonly serviceBus: ReturnType<ServiceBusStandIn['counters']>;
  readonly eventHubs: ReturnType<EventHubsStandIn['counters']>;
  /** Requests by operation. */
  readonly blobs: { readonly requests: number; readonly byOperation: Readonly<Record<string, number>> };
}

export interface Counted {
  readonly sql: { readonly faults: SqlFaults; connections(): number };
  readonly serviceBus: Pick<ServiceBusStandIn, 'counters'>;
  readonly eventHubs: Pick<EventHubsStandIn, 'counters'>;
  readonly blobs: Pick<Blobs, 'counters'>;
}

/** Those of what is there now; they do not go back to zero. */
const levels: ReadonlySet<string> = new Set(['openConnections', 'openLinks', 'sessionsLocked']);

type Counts = Readonly<Record<string, number>>;

/** The servers count up for ever: a reset is remembered here and taken off. */
export class CounterBoard {
  readonly #counted: Counted;
  #base: { readonly serviceBus: Counts; readonly eventHubs: Counts; readonly blobs: Counts } = {
    serviceBus: {},
    eventHubs: {},
    blobs: {},
  };

  constructor(counted: Counted) {
    this.#counted = counted;
  }

  read(): StandInCounters {
    const { sql } = this.#counted;
    const byOperation = since(this.#blobs(), this.#base.blobs);
    return {
      sql: { ...sql.faults.counters(), openConnections: sql.connections() },
      serviceBus: since(this.#counted.serviceBus.counters(), this.#base.serviceBus),
      eventHubs: since(this.#counted.eventHubs.counters(), this.#base.eventHubs),
      blobs: { requests: Object.values(byOperation).reduce((sum, n) => sum + n, 0), byOperation },
    };
  }

  reset(): void {
    this.#counted.sql.faults.resetCounters();
    const { serviceBus, eventHubs } = this.#counted;
    this.#base = {
      serviceBus: { ...serviceBus.counters() },
      eventHubs: { ...eventHubs.counters() },
      blobs: this.#blobs(),
    };
  }

  #blobs(): Counts {
    return Object.fromEntries(this.#counted.blobs.counters);
  }
}

function since<T extends Readonly<Record<keyof T, number>>>(now: T, base: Counts): T {
  const entries = Object.entries<number>(now);
  return Object.fromEntries(
    entries.map(([name, count]) => [name, levels.has(name) ? count : count - (base[name] ?? 0)]),
  ) as T;
}
