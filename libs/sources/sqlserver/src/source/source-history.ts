/**
 * The history of the source that one table is read in. A restore begins another one, in which LSNs are used again: then
 * ids must differ, and positions do not compare with those of before.
 */
import { DStreamError, tableName, type CallOptions, type ChangeBatch, type TableId } from '@dstream/core';
import type { Statement } from '../client/sql-client.ts';
import { sqlNumbers } from '../client/sql-errors.ts';
import type { LogPosition } from '../position/log-position.ts';
import { formatResumePoint, type Gap, type History, type LsnTime } from '../position/resume-point.ts';
import { maxIncarnation } from '../rows/change-encoder.ts';
import { findEntry, type FoundEntry } from '../sql/commit-times.ts';
import type { TableBatch } from './batch-builder.ts';
import type { ReaderContext } from './reader-context.ts';
import type { ProbeAnswer } from './prober.ts';

/**
 * True when `seen` cannot be of the history that the database is in: its LSN is not cleaned up, but there is no such entry, or one
 * of another time. What cleanup has removed proves nothing. Times may differ by whole quarters of an hour, because the server
 * keeps them in its zone, whose distance from UTC is that of now.
 */
export function isOtherHistory(seen: LsnTime, { atMs, oldest }: FoundEntry): boolean {
  if (oldest === undefined || seen.lsn < oldest) return false;
  return atMs === undefined || (atMs - Date.parse(seen.at)) % (15 * 60_000) !== 0;
}

/** State of one `read` of one table; not reusable. Adds the history to each checkpoint. */
export class SourceHistory {
  readonly #context: ReaderContext;
  readonly #table: TableId;
  #history: History = {};

  constructor(context: ReaderContext, table: TableId) {
    this.#context = context;
    this.#table = table;
  }

  /** To be called first, with the history of the checkpoint. */
  resume(history: History): void {
    this.#history = history;
  }

  get incarnation(): string | undefined {
    return this.#history.incarnation;
  }

  /** A gap that was recorded and is not reported yet. */
  get gap(): Gap | undefined {
    return this.#history.gap;
  }

  /** When the last transaction that was read was committed, as far as that is known. */
  get readUpToAt(): string | undefined {
    return this.#history.seen?.at;
  }

  /** Called for a table without a checkpoint: changes of another recovery fork that were sent before must not share ids with it. */
  async begin(o: CallOptions): Promise<void> {
    this.#history = { incarnation: await forkOf(this.#context, o) };
  }

  /** The batch in core's form: its end as text, with this history. */
  toChangeBatch(
    { changes, end, newest, beginsGeneration }: TableBatch,
    lastProbe?: ProbeAnswer,
  ): ChangeBatch {
    const seen = entryAt(end, lastProbe) ?? newest; // the newer one: transactions of other tables lie between
    if (seen !== undefined) this.#history = { ...this.#history, seen };
    const batch = { changes, end: formatResumePoint(end, this.#history) };
    return beginsGeneration === undefined ? batch : { ...batch, beginsGeneration };
  }

  /** Throws SourceWentBack when the entry that was seen is not there any more. To be called whenever the connection may be a new one. */
  async assertSame(o: CallOptions): Promise<void> {
    const { seen } = this.#history;
    if (seen === undefined) return;
    const found = await findEntry(this.#context.client, seen.lsn, o);
    if (isOtherHistory(seen, found)) throw otherHistory(this.#table, seen);
  }

  /**
   * False when the source may as well be a replica that lags behind the one read before: it knows nothing yet that is
   * newer than what was seen. Of one history, what is committed later has the higher LSN.
   */
  async isSurelyOther({ max, times }: ProbeAnswer, o: CallOptions): Promise<boolean> {
    const { seen } = this.#history;
    if (seen === undefined || max === undefined) return false;
    if (seen.lsn > max) return times.maxAtMs !== undefined && times.maxAtMs > Date.parse(seen.at);
    return isOtherHistory(seen, await findEntry(this.#context.client, seen.lsn, o));
  }

  /** From now on checkpoints hold the gap. What follows is of another incarnation when the source went back. */
  recordGap(gap: Gap): void {
    const other = gap.reason === 'SourceWentBack';
    const incarnation = other ? newIncarnation(this.#context.clock.wallMs()) : this.incarnation;
    this.#history = { incarnation, gap };
  }

  /** The event of the gap is in the next batch. */
  gapReported(): void {
    this.#history = { incarnation: this.incarnation };
  }
}

/**
 * The fork of the log that the database is on, and its first one: a restore begins another ("Recovery Paths"). No row for a
 * login that lacks VIEW ANY DATABASE, which public has by default; no such view on Azure SQL Database.
 */
const forkStatement: Statement = {
  text: 'SELECT [recovery_fork_guid], [first_recovery_fork_guid] FROM sys.database_recovery_status WHERE [database_id] = DB_ID()',
  parameters: [],
};

/**
 * Undefined for a database that was never restored, and where it cannot be seen: there ids may come again after a restore
 * and a checkpoint that was deleted.
 */
async function forkOf({ client, hash, log }: ReaderContext, o: CallOptions): Promise<string | undefined> {
  try {
    const [[row] = []] = await client.query(forkStatement, o);
    const [fork, first] = row ?? [];
    if (typeof fork !== 'string' || fork === first) return undefined;
    return hash(fork.toUpperCase()).slice(0, maxIncarnation);
  } catch (error) {
    if (sqlNumbers(error).length === 0) throw error;
    log.debug('could not query the recovery fork of the database', { error });
    return undefined;
  }
}

/** In seconds: a source does not go back twice in one. */
function newIncarnation(nowMs: number): string {
  return Math.floor(nowMs / 1_000).toString(36);
}

/** A position at the max LSN is itself an entry. */
function entryAt({ lsn }: LogPosition, lastProbe: ProbeAnswer | undefined): LsnTime | undefined {
  const { max, times } = lastProbe ?? {};
  const atMs = times?.maxAtMs;
  if (max === undefined || atMs === undefined || lsn !== max) return undefined;
  return { lsn: max, at: new Date(atMs).toISOString() };
}

function otherHistory(table: TableId, { lsn, at }: LsnTime): DStreamError {
  return new DStreamError(
    'SourceWentBack',
    `the checkpoint of ${tableName(table)} comes after a transaction at 0x${lsn}, committed at ${at}, that its database does not have: it was ` +
      'restored or replaced, has passed that LSN again, and LSNs are used again; set on_gap = "skip" to continue with what it ' +
      'keeps, under new ids',
  );
}
