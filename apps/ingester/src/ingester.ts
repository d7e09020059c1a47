/**
 * Keeps this replica's fair share of the tables. Connecting → announced: every few seconds it renews its
 * announcement, lists all leases, takes the free tables that are its to take and gives its surplus back → draining:
 * every table is drained, saved and released, the announcement withdrawn.
 */
import {
  asDStreamError,
  balance,
  type DStreamError,
  tableKey,
  tableName,
  type InstanceId,
  type LeaseSnapshot,
  type Presence,
  type Service,
  type StopSignals,
  type TableId,
} from '@dstream/core';
import { Outage, pause, retrying, together, withAny } from '@dstream/runtime';
import type { IngesterParts } from './ingester-parts.ts';
import { ReplicaOutages } from './table-outages.ts';
import { TableOwner } from './table-owner.ts';
import { freshMs, TableList } from './table-list.ts';
import type { TableReport } from './table-status.ts';
import { OwnedTables } from './owned-tables.ts';

export class Ingester implements Service {
  readonly name = 'ingester';
  readonly #parts: IngesterParts;
  readonly #owned: OwnedTables;
  readonly #tables: TableList;
  readonly #outage: Outage;
  readonly #acquiring: Outage;
  #snapshot: LeaseSnapshot | undefined;
  #ready = false;

  constructor(parts: IngesterParts) {
    this.#parts = parts;
    const outages = new ReplicaOutages(parts);
    this.#owned = new OwnedTables(
      (lease) => new TableOwner(lease, parts, outages.of(tableName(lease.table))),
      parts.metrics.replica,
    );
    this.#tables = new TableList({
      ...parts,
      patienceMs: parts.settings.leaseDurationMs / 5,
      outage: outages.moving.part('the list of tables', { counts: false }),
    });
    this.#outage = new Outage('balancing the tables', parts.log, parts.clock);
    this.#acquiring = new Outage('taking tables', parts.log, parts.clock);
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
      tables: this.#tables.tables.length,
    });
    try {
      await this.#balanceUntil(connected, stop);
    } finally {
      this.#ready = false;
      // Left first: what is released meanwhile is dealt among those who stay, not kept for the slowest table.
      await Promise.all([this.#leave(connected), this.#owned.settled()]);
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
    const { connections, clock, log } = this.#parts;
    await together(signal, [
      ...connections.map(({ what, connect }) => (until: AbortSignal) => {
        const outage = new Outage(`connecting to ${what}`, log, clock);
        return retrying(connect, until, { clock, outage });
      }),
      (until) => {
        const outage = new Outage('connecting to the database', log, clock);
        return retrying((s) => this.#tables.refresh(s), until, { clock, outage });
      },
    ]);
    return this.#announce(signal);
  }

  #announce(signal: AbortSignal): Promise<Presence> {
    const { clock, leases, instance, httpAddress } = this.#parts;
    const announce = (attempt: AbortSignal) =>
      leases.announce(instance, { signal: attempt, address: httpAddress() });
    return retrying(announce, signal, { clock, outage: this.#outage });
  }

  async #balanceUntil(presence: Presence, stop: StopSignals): Promise<void> {
    const { clock, settings, random } = this.#parts;
    await withAny([stop.draining, stop.aborted], async (signal) => {
      while (!signal.aborted) {
        await this.#balanceOnce(presence, stop, signal);
        const everyMs = settings.leaseDurationMs / 10;
        await pause(clock, everyMs * (0.75 + random() / 2), signal);
      }
    });
  }

  /** One look at everything. Whatever fails is tried again at the next look. */
  async #balanceOnce(presence: Presence, stop: StopSignals, signal: AbortSignal): Promise<void> {
    const { leases, instance } = this.#parts;
    const { replica } = this.#parts.metrics;
    try {
      await this.#tables.keepFresh(signal);
      if (this.#canRead()) await presence.renew({ signal });
      this.#snapshot = await leases.list({ signal });
      const keys = this.#tables.tables.map(tableKey);
      const plan = balance(instance, keys, this.#withOwn(this.#snapshot));
      for (const key of [...plan.release, ...this.#notConfigured()]) this.#owned.drain(key);
      await this.#acquireAll(plan.acquire, stop, signal);
      this.#outage.succeeded();
      replica.balanced({ tables: keys.length, instances: this.#snapshot.instances.length });
    } catch (error) {
      if (signal.aborted) return;
      this.#outage.failed(asDStreamError(error));
      replica.balanced(undefined);
    }
  }

  /** A replica that has not reached its database for a whole lease stops counting: others take what becomes free. */
  #canRead(): boolean {
    return this.#tables.ageMs < freshMs + this.#parts.settings.leaseDurationMs;
  }

  /** The snapshot may be older than what this replica has acquired or given back since. */
  #withOwn(snapshot: LeaseSnapshot): LeaseSnapshot {
    const own = this.#owned
      .entries()
      .map(([key, { epoch }]) => [key, { owner: this.#parts.instance, epoch }] as const);
    return { instances: snapshot.instances, held: new Map([...snapshot.held, ...own]) };
  }

  #notConfigured(): readonly string[] {
    const configured = new Set(this.#tables.tables.map(tableKey));
    return this.#owned
      .entries()
      .map(([key]) => key)
      .filter((key) => !configured.has(key));
  }

  /** One that cannot be taken does not keep the others waiting. */
  async #acquireAll(keys: readonly string[], stop: StopSignals, signal: AbortSignal): Promise<void> {
    const failures: DStreamError[] = [];
    for (const key of keys) {
      signal.throwIfAborted();
      await this.#acquire(key, stop, signal).catch((error: unknown) => failures.push(asDStreamError(error)));
    }
    const [first] = failures;
    if (first === undefined) this.#acquiring.succeeded();
    else if (!signal.aborted) this.#acquiring.failed(first);
  }

  async #acquire(key: string, stop: StopSignals, signal: AbortSignal): Promise<void> {
    const table = this.#tables.tables.find((candidate) => tableKey(candidate) === key);
    if (table === undefined || this.#owned.has(key)) return;
    const lease = await this.#parts.leases.tryAcquire(table, { signal });
    if (lease === undefined) return;
    this.#parts.metrics.replica.acquired();
    this.#owned.start(key, lease, stop);
  }

  /** For `/status`: own tables in detail, those of others with their owner. */
  report(): { instance: InstanceId; tables: readonly TableReport[] } {
    const { instance } = this.#parts;
    const tables = this.#tables.tables.map((table) => {
      const key = tableKey(table);
      return this.#owned.report(key, instance) ?? foreign(table, this.#snapshot?.held.get(key));
    });
    return { instance, tables };
  }
}

function foreign(table: TableId, held: { owner: InstanceId; epoch: number } | undefined): TableReport {
  return {
    key: tableKey(table),
    table: tableName(table),
    owner: held?.owner ?? null,
    epoch: held?.epoch ?? null,
    position: null,
    generation: null,
    lagMs: null,
    changes: 0,
    changesPerSecond: null,
    fault: null,
  };
}
