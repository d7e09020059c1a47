/** A captured database in memory, for tests and for trying out. It keeps the promises of the real one. */
import type { CallOptions } from '../call-options.ts';
import type { ChangeEvent, Row } from '../change-event.ts';
import type { ChangeBatch, ChangeSource } from '../change-source.ts';
import { encodeChange } from '../encoded-change.ts';
import type { Clock } from '../clock.ts';
import { DStreamError } from '../errors.ts';
import type { Position, ResumePoint } from '../position.ts';
import { tableKey, tableName, type TableId } from '../table-id.ts';

export interface InMemoryChangeSourceOptions {
  readonly clock: Clock;
  /** `memory` when not given. */
  readonly name?: string;
  /** `db` when not given. */
  readonly database?: string;
  /** Changes of a batch; 500 when not given. */
  readonly maxChanges?: number;
  /** `earliest` when not given. */
  readonly start?: 'earliest' | 'latest';
}

/** A change to be committed. An update gives the whole row before and after, a delete the last image. */
export type InMemoryChange = { readonly schema?: string; readonly table: string } & (
  | { readonly operation: 'insert' | 'delete'; readonly data: Row }
  | { readonly operation: 'update'; readonly data: Row; readonly before: Row }
);

interface CapturedTable {
  readonly id: TableId;
  readonly key: readonly string[];
  readonly events: ChangeEvent[];
  /** Positions below are not kept any more. */
  keptFrom: Position;
}

export class InMemoryChangeSource implements ChangeSource {
  readonly #options: Required<InMemoryChangeSourceOptions>;
  readonly #tables = new Map<string, CapturedTable>();
  readonly #missing: TableId[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #faults = new Map<string, DStreamError>();
  #transactions = 0;
  #closed = false;

  constructor(options: InMemoryChangeSourceOptions) {
    this.#options = { name: 'memory', database: 'db', maxChanges: 500, start: 'earliest', ...options };
  }

  /** Captures a table from now on. */
  addTable(
    table: string,
    { schema = 'dbo', key = ['Id'] }: { schema?: string; key?: readonly string[] } = {},
  ): TableId {
    const id = this.#id(schema, table);
    this.#tables.set(tableName(id), { id, key, events: [], keptFrom: after(this.#transactions) });
    return id;
  }

  /** A table that the configuration names and the database does not have. */
  addMissingTable(table: string, schema = 'dbo'): TableId {
    const id = this.#id(schema, table);
    this.#missing.push(id);
    return id;
  }

  /** Commits one transaction. */
  commit(changes: readonly InMemoryChange[]): void {
    this.#transactions += 1;
    const ordinals = new Map<CapturedTable, number>();
    for (const change of changes) {
      const table = this.#tables.get(tableName({ schema: change.schema ?? 'dbo', table: change.table }));
      if (table === undefined) continue; // not captured: nobody sees it
      const ordinal = (ordinals.get(table) ?? 0) + 1;
      ordinals.set(table, ordinal);
      table.events.push(this.#event(table, change, ordinal));
    }
    this.#wake();
  }

  /** Forgets the changes of a table, as cleanup does: who has not read them has a gap. */
  cleanUp(table: TableId): void {
    const captured = this.#captured(table);
    captured.events.length = 0;
    captured.keptFrom = after(this.#transactions);
    this.#wake();
  }

  /** Reads of `table` throw `error` once. */
  failNext(table: TableId, error: DStreamError): void {
    this.#faults.set(tableName(table), error);
    this.#wake();
  }

  tables({ signal }: CallOptions): Promise<readonly TableId[]> {
    if (signal.aborted) return Promise.reject(signal.reason);
    return Promise.resolve([...Array.from(this.#tables.values(), ({ id }) => id), ...this.#missing]);
  }

  async *read(
    table: TableId,
    from: ResumePoint | undefined,
    { signal }: CallOptions,
  ): AsyncGenerator<ChangeBatch> {
    signal.throwIfAborted();
    let position = from?.position ?? this.#beginning(this.#captured(table));
    if (from === undefined) yield batch([], position);
    for (;;) {
      const { events, keptFrom } = this.#readable(table);
      if (position < keptFrom) throw historyLost(table, position, keptFrom);
      const next = events.filter((e) => e.metadata.position > position).slice(0, this.#options.maxChanges);
      const end = next.at(-1)?.metadata.position ?? after(this.#transactions);
      if (end > position) {
        position = end;
        yield batch(next, end);
      } else await this.#something(signal);
      signal.throwIfAborted();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#closed = true;
    this.#wake();
    return Promise.resolve();
  }

  #id(schema: string, table: string): TableId {
    return { source: this.#options.name, database: this.#options.database, schema, table };
  }

  #beginning({ keptFrom }: CapturedTable): Position {
    return this.#options.start === 'latest' ? after(this.#transactions) : keptFrom;
  }

  #captured(table: TableId): CapturedTable {
    const captured = this.#tables.get(tableName(table));
    if (captured === undefined)
      throw new DStreamError('TableNotFound', `the table ${tableName(table)} does not exist`);
    return captured;
  }

  #readable(table: TableId): CapturedTable {
    const fault = this.#faults.get(tableName(table));
    this.#faults.delete(tableName(table));
    if (fault !== undefined) throw fault;
    if (this.#closed) throw new DStreamError('Unexpected', 'the source is closed');
    return this.#captured(table);
  }

  #event({ id, key }: CapturedTable, change: InMemoryChange, ordinal: number): ChangeEvent {
    const lsn = `0x${hex(this.#transactions)}`;
    const position = `${hex(this.#transactions)}:${String(ordinal).padStart(10, '0')}` as Position;
    const { data } = change;
    const updated = change.operation === 'update' ? change : undefined;
    return {
      data,
      ...(updated && { before: updated.before }),
      metadata: {
        version: 1,
        id: `${tableKey(id)}:${position}`,
        source: 'memory',
        server: id.source,
        database: id.database,
        schema: id.schema,
        table: id.table,
        captureInstance: `${id.schema}_${id.table}`,
        operation: change.operation,
        key: key.length === 0 ? null : Object.fromEntries(key.map((name) => [name, data[name] ?? null])),
        ...(updated && { changed: Object.keys(data).filter((n) => data[n] !== updated.before[n]) }),
        lsn,
        seqval: `0x${hex(ordinal)}`,
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

function batch(changes: readonly ChangeEvent[], position: Position): ChangeBatch {
  return { changes: changes.map(encodeChange), end: { position, token: position } };
}

function historyLost(table: TableId, position: Position, keptFrom: Position): DStreamError {
  return new DStreamError(
    'HistoryLost',
    `${tableName(table)} keeps history behind ${keptFrom}, the checkpoint is at ${position}`,
  );
}
