/**
 * Keeps this replica's fair share of the tables. Connecting → announced: every few seconds it renews its
 * announcement, lists all leases, takes the free tables that are its to take and gives its surplus back → draining:
 * every table is drained, saved and released, the announcement withdrawn.
 */
import {
  asDStreamError,
  balance,
  tableKey,
  type InstanceId,
  type LeaseSnapshot,
  type Presence,
  type Service,
  type StopSignals,
  type TableId,
} from '@dstream/core';
import { Outage, retrying, together, withAny } from '@dstream/runtime';
import type { IngesterParts } from './ingester-parts.ts';
import { TableOwner } from './table-owner.ts';
import type { TableReport } from './table-status.ts';
import { OwnedTables } from './owned-tables.ts';

/** How long a list of tables is used before the source is asked again. */
const tablesFreshMs = 30_000;

export class Ingester implements Service {
  readonly name = 'ingester';
  readonly #parts: IngesterParts;
  readonly #owned: OwnedTables;
  readonly #outage: Outage;
  #tables: readonly TableId[] = [];
  #tablesAtMs = -Infinity;
  #snapshot: LeaseSnapshot | undefined;
  #ready = false;

  constructor(parts: IngesterParts) {
    this.#parts = parts;
    this.#owned = new OwnedTables((lease) => new TableOwner(lease, parts), parts.metrics);
    this.#outage = new Outage('balancing the tables', parts.log, parts.clock);
  }

  /** True once everything it needs was reached a first time: from then on it waits for whatever fails. */
  get ready(): boolean {
    return this.#ready;
  }

  /** Rejects before the first success with what a person must mend; after it only by `aborted`. */
  async run(stop: StopSignals): Promise<void> {
    const connected = await withAny([stop.draining, stop.aborted], (signal) => this.#connect(signal)).catch(
      (error: unknown) => this.#unlessStopping(error, stop),
    );
    if (connected === undefined) return;
    this.#ready = true;
    this.#parts.log.info('ingester is working', {
      instance: this.#parts.instance,
      tables: this.#tables.length,
    });
    try {
      await this.#balanceUntil(connected, stop);
    } finally {
      this.#ready = false;
      await this.#owned.settled();
      await this.#leave(connected);
    }
  }

  #unlessStopping(error: unknown, stop: StopSignals): undefined {
    if (!stop.draining.aborted) throw error;
    return undefined;
  }

  async #leave(presence: Presence): Promise<void> {
    try {
      await presence[Symbol.asyncDispose]();
    } catch (error) {
      const reason = asDStreamError(error);
      this.#parts.log.warn('the announcement could not be withdrawn: it ends by itself', { error: reason });
    }
  }

  async #connect(signal: AbortSignal): Promise<Presence> {
    const { connections, clock, log, leases, instance } = this.#parts;
    await together(signal, [
      ...connections.map(({ what, connect }) => (until: AbortSignal) => {
        const outage = new Outage(`connecting to ${what}`, log, clock);
        return retrying(connect, until, { clock, outage });
      }),
      (until) => {
        const outage = new Outage('connecting to the database', log, clock);
        return retrying((s) => this.#refreshTables(s), until, { clock, outage });
      },
    ]);
    return retrying((s) => leases.announce(instance, { signal: s }), signal, { clock, outage: this.#outage });
  }

  async #balanceUntil(presence: Presence, stop: StopSignals): Promise<void> {
    const { clock, settings, random } = this.#parts;
    await withAny([stop.draining, stop.aborted], async (signal) => {
      while (!signal.aborted) {
        await this.#balanceOnce(presence, stop, signal);
        const everyMs = settings.leaseDurationMs / 10;
        await clock.sleep(everyMs * (0.75 + random() / 2), signal).catch(() => undefined);
      }
    });
  }

  /** One look at everything. Whatever fails is tried again at the next look. */
  async #balanceOnce(presence: Presence, stop: StopSignals, signal: AbortSignal): Promise<void> {
    const { leases, instance } = this.#parts;
    try {
      await presence.renew({ signal });
      this.#snapshot = await leases.list({ signal });
      await this.#refreshTables(signal);
      const plan = balance(instance, this.#tables.map(tableKey), this.#withOwn(this.#snapshot));
      for (const key of [...plan.release, ...this.#notConfigured()]) this.#owned.drain(key);
      for (const key of plan.acquire) await this.#acquire(key, stop, signal);
      this.#outage.succeeded();
    } catch (error) {
      if (!signal.aborted) this.#outage.failed(asDStreamError(error));
    }
  }

  /** The snapshot may be older than what this replica has acquired or given back since. */
  #withOwn(snapshot: LeaseSnapshot): LeaseSnapshot {
    const own = this.#owned
      .entries()
      .map(([key, { epoch }]) => [key, { owner: this.#parts.instance, epoch }] as const);
    return { instances: snapshot.instances, held: new Map([...snapshot.held, ...own]) };
  }

  #notConfigured(): readonly string[] {
    const configured = new Set(this.#tables.map(tableKey));
    return this.#owned
      .entries()
      .map(([key]) => key)
      .filter((key) => !configured.has(key));
  }

  async #acquire(key: string, stop: StopSignals, signal: AbortSignal): Promise<void> {
    const table = this.#tables.find((candidate) => tableKey(candidate) === key);
    if (table === undefined || this.#owned.has(key)) return;
    const lease = await this.#parts.leases.tryAcquire(table, { signal });
    if (lease !== undefined) this.#owned.start(key, lease, stop);
  }

  async #refreshTables(signal: AbortSignal): Promise<void> {
    const now = this.#parts.clock.monotonicMs();
    if (now - this.#tablesAtMs < tablesFreshMs) return;
    this.#tables = await this.#parts.source.tables({ signal });
    this.#tablesAtMs = now;
  }

  /** For `/status`: own tables in detail, those of others with their owner. */
  report(): { instance: InstanceId; tables: readonly TableReport[] } {
    const { instance } = this.#parts;
    const tables = this.#tables.map((table) => {
      const key = tableKey(table);
      return this.#owned.report(key, instance) ?? foreign(table, this.#snapshot?.held.get(key));
    });
    return { instance, tables };
  }
}

function foreign(table: TableId, held: { owner: InstanceId; epoch: number } | undefined): TableReport {
  return {
    table: `${table.schema}.${table.table}`,
    owner: held?.owner ?? null,
    epoch: held?.epoch ?? null,
    position: null,
    generation: null,
    lagMs: null,
    changes: 0,
    fault: null,
  };
}
