import { createHash } from 'node:crypto';
import {
  DStreamError,
  noSourceObserver,
  partitionName,
  partitionOf,
  scopeOf,
  tableOfPartition,
  type CallOptions,
  type ChangeBatch,
  type ChangeSource,
  type Clock,
  type Log,
  type PartitionId,
  type ResumePoint,
  type SourceObserver,
  type TableId,
} from '@dstream/core';
import { defaultSourceName, type SqlServerAddress } from './address/sql-server-address.ts';
import { PooledSqlClient } from './client/pooled-sql-client.ts';
import type { SilenceLimits } from './client/row-stream.ts';
import { SqlConnection } from './client/sql-connection.ts';
import type { BatchLimits } from './source/batch-builder.ts';
import { captureInstancesOf, tablesOfDatabase } from './sql/catalogue.ts';
import type { ReadMode } from './position/log-position.ts';
import { Prober } from './source/prober.ts';
import type { OnGap, ReaderContext, Start } from './source/reader-context.ts';
import { TableReader } from './source/table-reader.ts';
import {
  emptyPatterns,
  expandTables,
  intervalsOf,
  type PollIntervals,
  type TableSettings,
} from './source/table-settings.ts';

/** Read once, by the constructor. */
export interface SqlServerSourceOptions {
  readonly address: SqlServerAddress;
  /** See docs/guarantees.md, rule 1. Without it: the host, with its instance or unusual port. */
  readonly name?: string | undefined;
  readonly tables: readonly TableSettings[];
  readonly start: Start;
  /** See `OnGap`; `stop` when not given. */
  readonly onGap?: OnGap;
  /** See `ReadMode`; `functions` when not given. A checkpoint of the other mode is continued between two transactions. */
  readonly mode?: ReadMode;
  /** Rows of one page of a backlog, about; a transaction is never cut. */
  readonly maxRows: number;
  /** Bytes of a table's rows that may wait in memory. */
  readonly maxBytes: number;
  /** What a batch holds at most, `defaultBatchLimits` when not given. More helps when its changes are spread over many messages. */
  readonly batch?: BatchLimits | undefined;
  readonly clock: Clock;
  readonly log: Log;
  /** A number in [0, 1). */
  readonly random: () => number;
  /** Gets what reading costs and how far it is. */
  readonly observer?: SourceObserver;
  /** `defaultSilence` when not given. For tests of stalls. */
  readonly silence?: SilenceLimits;
}

/** Concurrent reads; further tables wait for their turn. */
const streams = 8;
/** Measured: see the README. */
const packetSize = 16_384;
const defaultSilence: SilenceLimits = { firstRowMs: 120_000, stallMs: 30_000 };

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

/** SQL Server's change data capture as a change source: a partition is a table. Connects at the first call. */
export class SqlServerSource implements ChangeSource {
  /** The source's part of every table's identity. */
  readonly name: string;
  readonly #settings: readonly TableSettings[];
  readonly #context: ReaderContext;
  readonly #stop = new AbortController();
  readonly #warnedPatterns = new Set<string>();
  #database: string;

  constructor(options: SqlServerSourceOptions) {
    const { address, clock, log, random, start, maxRows, maxBytes, observer = noSourceObserver } = options;
    this.name = options.name ?? defaultSourceName(address);
    this.#database = address.database;
    this.#settings = options.tables;
    const open = (signal: AbortSignal) =>
      SqlConnection.open({ address, applicationName: 'dstream', packetSize }, signal);
    const client = new PooledSqlClient({ open, streams, clock, silence: options.silence ?? defaultSilence });
    const prober = new Prober(client, clock, observer);
    const limits = { maxRows, maxBytes, ...(options.batch && { batch: options.batch }) };
    const { mode = 'functions', onGap = 'stop' } = options;
    const shared = { client, prober, clock, log, observer, random, warned: new Set<string>() };
    this.#context = { ...shared, start, onGap, mode, limits, hash: sha256 };
  }

  /** The database: as configured until `partitions` was answered, then in the catalogue's spelling. */
  get database(): string {
    return this.#database;
  }

  get scope(): string {
    return scopeOf({ source: this.name, database: this.#database });
  }

  /** A table with a fault is polled as rarely as an idle one. */
  faultPauseMs(partition: PartitionId): number {
    return this.#configured(partition).intervals.maxIntervalMs;
  }

  /** The table, and how often it is polled. Throws TableNotFound for what is not configured. */
  #configured(partition: PartitionId): { readonly table: TableId; readonly intervals: PollIntervals } {
    const table = tableOfPartition(partition);
    const intervals = table && intervalsOf(this.#settings, table);
    if (table !== undefined && intervals !== undefined) return { table, intervals };
    throw new DStreamError('TableNotFound', `${partitionName(partition)} is not among the configured tables`);
  }

  async partitions({ signal }: CallOptions): Promise<readonly PartitionId[]> {
    const { database, tables } = await tablesOfDatabase(this.#context.client, this.#database, { signal });
    this.#database = database;
    this.#warnEmpty(emptyPatterns(this.#settings, tables));
    const common = { source: this.name, database };
    return expandTables(this.#settings, tables).map((table) => partitionOf({ ...common, ...table }));
  }

  /**
   * The names of a table's capture instances, the oldest first; none while it is captured and no LSN of theirs is
   * known yet. Throws the table's fault: TableNotFound, TableNotCaptured, CdcNotEnabled. For plans, not for reading.
   */
  async captureInstances(table: TableId, o: CallOptions): Promise<readonly string[]> {
    const instances = await captureInstancesOf(this.#context.client, table, o);
    return (instances ?? []).map(({ name }) => name);
  }

  /** Once for a pattern. One that is empty now may cover tables later: it is looked up at every listing. */
  #warnEmpty(schemas: readonly string[]): void {
    for (const schema of schemas) {
      if (this.#warnedPatterns.has(schema)) continue;
      this.#warnedPatterns.add(schema);
      this.#context.log.warn('pattern matches no captured table yet', { pattern: `${schema}.*` });
    }
  }

  async *read(
    partition: PartitionId,
    after: ResumePoint | undefined,
    o: CallOptions,
  ): AsyncGenerator<ChangeBatch> {
    o.signal.throwIfAborted();
    const { table, intervals } = this.#configured(partition);
    const signal = AbortSignal.any([o.signal, this.#stop.signal]);
    yield* new TableReader(this.#context, table, intervals, { signal }).read(after);
  }

  /** Ends all reads. Idempotent. */
  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new DStreamError('Unexpected', 'the source is closed');
    this.#stop.abort(closed);
    await this.#context.prober.stop(closed);
    await this.#context.client[Symbol.asyncDispose]();
  }
}
