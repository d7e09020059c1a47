/**
 * Change data capture of one database: its capture instances, what was committed but not scanned yet, and
 * cdc.lsn_time_mapping. The capture job is `publishUpTo`: until it runs, a committed change is in no change table.
 */
import type { SqlValue } from '../interface/engine-session.ts';
import type { Lsn } from './log-sequence.ts';
import type { Table } from './table.ts';
import type { ChangeDraft } from './change-draft.ts';
import type { CaptureInstance } from './capture-instance.ts';
import { jobDefaults, newJob, type CaptureJob, type JobType } from './capture-jobs.ts';

export interface LogEntry {
  readonly lsn: Lsn;
  readonly beginMs: number;
  readonly endMs: number;
  /** 0n for a dummy row of an idle period. */
  readonly transactionId: bigint;
}

interface Pending extends LogEntry {
  readonly drafts: readonly ChangeDraft[];
}

export interface DdlEntry {
  readonly sourceTable: number;
  readonly objectId: number;
  readonly command: string;
  readonly lsn: Lsn;
  readonly timeMs: number;
  /** The change of a type changed the change table too. */
  readonly requiredColumnUpdate: boolean;
}

export class CdcDatabase {
  readonly instances = new Map<string, CaptureInstance>();
  readonly mapping: LogEntry[] = [];
  readonly ddl: DdlEntry[] = [];
  /** Names are the same by the collation of the database. */
  readonly fold: (name: string) => string;
  retentionMinutes: number = jobDefaults.retentionMinutes;
  pollingSeconds: number = jobDefaults.pollingSeconds;
  continuous: boolean = jobDefaults.continuous;
  readonly jobs = new Map<JobType, CaptureJob>([
    ['capture', newJob()],
    ['cleanup', newJob()],
  ]);
  #pending: Pending[] = [];

  constructor(fold: (name: string) => string) {
    this.fold = fold;
  }

  get maxLsn(): Lsn | undefined {
    return this.mapping.at(-1)?.lsn;
  }

  get pendingCount(): number {
    return this.#pending.length;
  }

  get nextPendingMs(): number | undefined {
    return this.#pending[0]?.endMs;
  }

  instance(name: string): CaptureInstance | undefined {
    return this.instances.get(this.fold(name));
  }

  /** The one or two instances of a table. */
  instancesOf(table: Table): readonly CaptureInstance[] {
    return [...this.instances.values()].filter((instance) => instance.table === table);
  }

  captures(table: Table): boolean {
    return this.instancesOf(table).length > 0;
  }

  add(entry: LogEntry, drafts: readonly ChangeDraft[]): void {
    this.#pending.push({ ...entry, drafts });
  }

  /** Scans the log up to what was committed at `committedUpToMs`. */
  publishUpTo(committedUpToMs: number): number {
    let count = 0;
    while (count < this.#pending.length && (this.#pending[count] as Pending).endMs <= committedUpToMs) {
      this.#publish(this.#pending[count] as Pending);
      count++;
    }
    if (count > 0) this.#pending = this.#pending.slice(count);
    return count;
  }

  /** Converts one column of what was not scanned yet. The result undoes it. */
  rewritePending(instance: CaptureInstance, at: number, convert: (value: SqlValue) => SqlValue): () => void {
    const before = this.#pending;
    this.#pending = before.map((entry) => ({
      ...entry,
      drafts: entry.drafts.map((draft) =>
        draft.instance === instance
          ? { ...draft, values: draft.values.with(at, convert(draft.values[at] ?? null)) }
          : draft,
      ),
    }));
    return () => {
      this.#pending = before;
    };
  }

  /** All of it as it is now. The result puts it back, as often as it is called. */
  remember(): () => void {
    const instances = [...this.instances].map(([key, instance]) => ({
      key,
      instance,
      rewind: instance.remember(),
    }));
    const [mapping, ddl, pending] = [this.mapping.slice(), this.ddl.slice(), this.#pending.slice()];
    const { retentionMinutes, pollingSeconds } = this;
    return () => {
      this.instances.clear();
      for (const { key, instance, rewind } of instances) {
        this.instances.set(key, instance);
        rewind();
      }
      replace(this.mapping, mapping);
      replace(this.ddl, ddl);
      this.#pending = pending.slice();
      Object.assign(this, { retentionMinutes, pollingSeconds });
    };
  }

  /** What an idle scan writes now and then: a row with transaction 0, so that the max LSN moves on. */
  addDummy(lsn: Lsn, nowMs: number): void {
    this.mapping.push({ lsn, beginMs: nowMs, endMs: nowMs, transactionId: 0n });
  }

  #publish({ lsn, beginMs, endMs, transactionId, drafts }: Pending): void {
    for (const [instance, own] of Map.groupBy(drafts, (draft) => draft.instance)) {
      if (this.instance(instance.name) === instance) instance.changes.append(lsn, own);
    }
    this.mapping.push({ lsn, beginMs, endMs, transactionId });
  }

  /** The index of the first entry at or above `lsn`; the length when there is none. */
  mappingAt(lsn: number): number {
    return lowerBound(this.mapping, (entry) => entry.lsn >= lsn);
  }

  /** Moves the low-water mark of an instance; what is older goes. */
  cleanUp(instance: CaptureInstance, lowLsn: Lsn): void {
    if (lowLsn <= instance.lowLsn) return;
    instance.lowLsn = lowLsn;
    instance.changes.removeBefore(lowLsn);
    const lowest = Math.min(...[...this.instances.values()].map((each) => each.lowLsn));
    const stale = this.mappingAt(lowest);
    if (stale > 0) this.mapping.splice(0, stale);
  }
}

function replace<T>(list: T[], by: readonly T[]): void {
  list.length = 0;
  for (const item of by) list.push(item);
}

export function lowerBound<T>(items: readonly T[], holds: (item: T) => boolean): number {
  let low = 0;
  let high = items.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(items[middle] as T)) high = middle;
    else low = middle + 1;
  }
  return low;
}
