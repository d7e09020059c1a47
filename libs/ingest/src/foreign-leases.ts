/**
 * Leases that no replica accounts for: of another program, of a person, or of an owner that is not announced and whose
 * lease does not end. A killed replica's lease ends within its duration, so one that lasts for two is a fault of its
 * table; an endless one is none of ours, and a fault at the second look.
 */
import {
  leaseHeldElsewhere,
  tableKey,
  tableName,
  type AnnouncementId,
  type Clock,
  type DStreamError,
  type HeldLease,
  type LeaseSnapshot,
  type Log,
  type TableId,
} from '@dstream/core';
import { Outage } from '@dstream/async';
import type { IngesterMetrics } from './ingester-metrics.ts';

export interface ForeignLeasesOptions {
  readonly self: AnnouncementId;
  readonly leaseDurationMs: number;
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Pick<IngesterMetrics, 'blocked'>;
}

interface Seen {
  readonly table: TableId;
  readonly held: HeldLease;
  readonly sinceMs: number;
  readonly outage: Outage;
  fault: DStreamError | undefined;
}

export class ForeignLeases {
  readonly #options: ForeignLeasesOptions;
  readonly #seen = new Map<string, Seen>();

  constructor(options: ForeignLeasesOptions) {
    this.#options = options;
  }

  /** Why nobody can own the table; undefined while somebody does or may. */
  fault(key: string): DStreamError | undefined {
    return this.#seen.get(key)?.fault;
  }

  /** To be called at every look at all leases, with the tables that are not owned here. */
  look({ held, instances }: LeaseSnapshot, tables: readonly TableId[]): void {
    const others = new Set(instances.map(({ announcement }) => announcement));
    others.delete(this.#options.self);
    const accounted = (lease: HeldLease) =>
      !lease.endless && lease.announcement !== undefined && others.has(lease.announcement);
    const foreign = new Map(
      tables.flatMap((table) => {
        const lease = held.get(tableKey(table));
        return lease === undefined || accounted(lease) ? [] : [[tableKey(table), { table, lease }] as const];
      }),
    );
    for (const key of this.#seen.keys()) if (!foreign.has(key)) this.#ended(key);
    for (const [key, { table, lease }] of foreign) this.#saw(key, table, lease);
  }

  #saw(key: string, table: TableId, held: HeldLease): void {
    const { clock, log, metrics, leaseDurationMs } = this.#options;
    const before = this.#seen.get(key);
    if (before === undefined || !same(before.held, held)) {
      this.#ended(key);
      const outage = new Outage('acquiring the table', log.child({ table: tableName(table) }), clock);
      this.#seen.set(key, { table, held, sinceMs: clock.monotonicMs(), outage, fault: undefined });
      return;
    }
    const forMs = clock.monotonicMs() - before.sinceMs;
    if (!held.endless && forMs < 2 * leaseDurationMs) return;
    before.fault ??= leaseHeldElsewhere(tableName(table), held, forMs);
    before.outage.failed(before.fault);
    metrics.blocked(table, before.fault.code);
  }

  #ended(key: string): void {
    const seen = this.#seen.get(key);
    if (seen === undefined) return;
    this.#seen.delete(key);
    seen.outage.succeeded();
    this.#options.metrics.blocked(seen.table, undefined);
  }
}

const same = (a: HeldLease, b: HeldLease) =>
  a.owner === b.owner && a.announcement === b.announcement && a.epoch === b.epoch && a.endless === b.endless;
