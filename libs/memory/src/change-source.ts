/** A captured database in memory. It keeps the promises of the real one. */
import {
  type CallOptions,
  type ChangeBatch,
  type ChangeEvent,
  type ChangeSource,
  type Clock,
  DStreamError,
  encodeChange,
  type EncodedChange,
  type PartitionId,
  partitionIn,
  partitionName,
  partitionOf,
  type Position,
  type ResumePoint,
  type PlainRow,
  scopeOf,
  type TableId,
  tableKey,
  tableName,
} from '@dstream/core';

/** What the source is like, where a test does not want the defaults. */
export interface InMemoryChangeSourceOptions {
  readonly clock: Clock;
  /** `memory` if not given. */
  readonly name?: string;
  /** `db` if not given. */
  readonly database?: string;
  /** Changes of a batch; 500 if not given. */
  readonly maxChanges?: number;
  /** `earliest` if not given. */
  readonly start?: 'earliest' | 'latest';
  /** What a partition is: a table, or the database with all its tables; `table` if not given. */
  readonly partition?: 'table' | 'database';
  /** What is kept: everything, or what was not checkpointed yet, like a replication slot; `all` if not given. */
  readonly keep?: 'all' | 'unsaved';
}

/** A change to be committed. An update gives the whole row before and after, a delete the last image. */
export type InMemoryChange = { readonly schema?: string; readonly table: string } & (
  | { readonly operation: 'insert' | 'delete'; readonly data: PlainRow }
  | { readonly operation: 'update'; readonly data: PlainRow; readonly before: PlainRow }
);

interface CapturedTable {
  readonly id: TableId;
  readonly key: readonly string[];
  readonly history: History;
}

/** The changes of a partition, in commit order. */
interface History {
  changes: EncodedChange[];
  /** Positions below are not kept any more. */
  keptFrom: Position;
}

/** Short, so that tests need not wait. */
const faultPauseMs = 1_000;

/** The source; what a test does to the database are its other methods. */
export class InMemoryChangeSource implements ChangeSource {
  readonly scope: string;
  readonly #options: Required<InMemoryChangeSourceOptions>;
  readonly #tables = new Map<string, CapturedTable>();
  readonly #histories = new Map<PartitionId, History>();
  readonly #missing: PartitionId[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #faults = new Map<PartitionId, DStreamError>();
  #transactions = 0;
  #closed = false;

  constructor(options: InMemoryChangeSourceOptions) {
    const usual = { name: 'memory', database: 'db', maxChanges: 500, start: 'earliest' } as const;
    this.#options = { ...usual, partition: 'table', keep: 'all', ...options };
    const { name: source, database, partition } = this.#options;
    this.scope = scopeOf({ source, database });
    if (partition === 'database') this.#begin(this.#whole);
  }

  /** Captures a table from now on. */
  addTable(
    table: string,
    { schema = 'dbo', key = ['Id'] }: { schema?: string; key?: readonly string[] } = {},
  ): TableId {
    const id = this.#id(schema, table);
    const partition = this.#options.partition === 'table' ? partitionOf(id) : this.#whole;
    const history = this.#histories.get(partition) ?? this.#begin(partition);
    this.#tables.set(tableName(id), { id, key, history });
    return id;
  }

  /** A table that the configuration names and the database does not have. */
  addMissingTable(table: string, schema = 'dbo'): PartitionId {
    const partition = partitionOf(this.#id(schema, table));
    this.#missing.push(partition);
    return partition;
  }

  /** Commits one transaction. */
  commit(changes: readonly InMemoryChange[]): void {
    this.#transactions += 1;
    const ordinals = new Map<CapturedTable | History, number>();
    const next = (counted: CapturedTable | History) => {
      const ordinal = (ordinals.get(counted) ?? 0) + 1;
      ordinals.set(counted, ordinal);
      return ordinal;
    };
    for (const change of changes) {
      const table = this.#tables.get(tableName({ schema: change.schema ?? 'dbo', table: change.table }));
      if (table === undefined) continue; // not captured: its changes are not recorded
      const event = this.#event(table, change, this.#position(next(table.history)), next(table));
      table.history.changes.push(encodeChange(event, table.id));
    }
    this.#wake();
  }

  /** Removes the changes of a partition, as CDC cleanup does: a reader that has not read them has a gap. */
  cleanUp(partition: PartitionId): void {
    this.#forget(this.#history(partition), after(this.#transactions));
    this.#wake();
  }

  /** Reads of `partition` throw `error` once. */
  failNext(partition: PartitionId, error: DStreamError): void {
    this.#faults.set(partition, error);
    this.#wake();
  }

  /** Number of changes that are kept, in all partitions. */
  get kept(): number {
    return Array.from(this.#histories.values(), ({ changes }) => changes.length).reduce((a, b) => a + b, 0);
  }

  partitions({ signal }: CallOptions): Promise<readonly PartitionId[]> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return Promise.resolve([...this.#histories.keys(), ...this.#missing]);
  }

  async *read(
    partition: PartitionId,
    from: ResumePoint | undefined,
    { signal }: CallOptions,
  ): AsyncGenerator<ChangeBatch> {
    signal.throwIfAborted();
    let position = from?.position ?? this.#beginning(this.#history(partition));
    if (from === undefined) yield batch([], position);
    for (;;) {
      const { changes, keptFrom } = this.#readable(partition);
      if (position < keptFrom) throw historyLost(partition, position, keptFrom);
      const next = changes.filter((change) => change.position > position).slice(0, this.#options.maxChanges);
      const end = next.at(-1)?.position ?? after(this.#transactions);
      if (end > position) {
        position = end;
        yield batch(next, end);
      } else await this.#something(signal);
      signal.throwIfAborted();
    }
  }

  saved(partition: PartitionId, { position }: ResumePoint): void {
    if (this.#options.keep === 'unsaved') this.#forget(this.#history(partition), position);
  }

  faultPauseMs(): number {
    return faultPauseMs;
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#wake();
    return Promise.resolve();
  }

  #id(schema: string, table: string): TableId {
    return { source: this.#options.name, database: this.#options.database, schema, table };
  }

  /** The partition that is the database. */
  get #whole(): PartitionId {
    return partitionIn(this.scope, 'all');
  }

  #begin(partition: PartitionId): History {
    const history: History = { changes: [], keptFrom: after(this.#transactions) };
    this.#histories.set(partition, history);
    return history;
  }

  #beginning({ keptFrom }: History): Position {
    return this.#options.start === 'latest' ? after(this.#transactions) : keptFrom;
  }

  #forget(history: History, upTo: Position): void {
    history.changes = history.changes.filter(({ position }) => position > upTo);
    if (upTo > history.keptFrom) history.keptFrom = upTo;
  }

  #history(partition: PartitionId): History {
    const history = this.#histories.get(partition);
    if (history === undefined)
      throw new DStreamError('TableNotFound', `the table ${partitionName(partition)} does not exist`);
    return history;
  }

  #readable(partition: PartitionId): History {
    const fault = this.#faults.get(partition);
    this.#faults.delete(partition);
    if (fault !== undefined) throw fault;
    if (this.#closed) throw new DStreamError('Unexpected', 'the source is closed');
    return this.#history(partition);
  }

  /** @param ordinal within the transaction and the partition */
  #position(ordinal: number): Position {
    return `${hex(this.#transactions)}:${String(ordinal).padStart(10, '0')}` as Position;
  }

  #event(
    { id, key }: CapturedTable,
    change: InMemoryChange,
    position: Position,
    ordinal: number,
  ): ChangeEvent {
    const { data } = change;
    const updated = change.operation === 'update' ? change : undefined;
    return {
      data,
      ...(updated && { before: updated.before }),
      metadata: {
        version: 2,
        id: `${tableKey(id)}:${position}`,
        source: 'memory',
        server: id.source,
        database: id.database,
        schema: id.schema,
        table: id.table,
        operation: change.operation,
        key: key.length === 0 ? null : Object.fromEntries(key.map((name) => [name, data[name] ?? null])),
        ...(updated && { changed: Object.keys(data).filter((n) => data[n] !== updated.before[n]) }),
        origin: { transaction: this.#transactions },
        sequence: ordinal,
        committedAt: new Date(this.#options.clock.wallMs()).toISOString(),
        position,
      },
    };
  }

  /** Resolves at the next commit, cleanup, fault or end; rejects on abort. */
  #something(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const finish = (settle: () => void) => {
        this.#waiting.delete(woken);
        signal.removeEventListener('abort', aborted);
        settle();
      };
      const woken = () => finish(resolve);
      const aborted = () => finish(() => reject(signal.reason));
      this.#waiting.add(woken);
      signal.addEventListener('abort', aborted, { once: true });
    });
  }

  #wake(): void {
    for (const woken of this.#waiting) woken();
  }
}

function hex(n: number): string {
  return n.toString(16).toUpperCase().padStart(20, '0');
}

/** Behind every change of the transaction. */
function after(transaction: number): Position {
  return `${hex(transaction)}:~` as Position;
}

function batch(changes: readonly EncodedChange[], position: Position): ChangeBatch {
  return { changes, end: { position, token: position } };
}

function historyLost(partition: PartitionId, position: Position, keptFrom: Position): DStreamError {
  return new DStreamError(
    'HistoryLost',
    `${partitionName(partition)} keeps changes after ${keptFrom}, the checkpoint is at ${position}`,
  );
}
