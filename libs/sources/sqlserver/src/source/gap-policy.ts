/**
 * What becomes of a table whose changes are lost, by `on_gap`: it stops, or it records the gap in its checkpoint, reports it by
 * an event, and continues after it. Recorded first, so that a new owner between the two reports the same gap.
 */
import { encodeChange, type CallOptions, type ChangeEvent, type Log, type TableId } from '@dstream/core';
import {
  neededFrom,
  positionAfter,
  previousLsn,
  zeroLsn,
  type LogPosition,
  type Lsn,
  type ReadMode,
} from '../position/log-position.ts';
import type { Gap } from '../position/resume-point.ts';
import { gapId } from '../rows/change-encoder.ts';
import type { TableBatch } from './batch-builder.ts';
import { creationOf } from '../sql/catalogue.ts';
import { notProven, withTimes, type GapError } from './gap.ts';
import type { ProbeAnswer } from './prober.ts';
import type { ReaderContext } from './reader-context.ts';
import type { SourceHistory } from './source-history.ts';
import type { TableInstances } from './table-instances.ts';

/** State of one `read` of one table; not reusable. */
export class GapPolicy {
  readonly #context: ReaderContext;
  readonly #table: TableId;
  readonly #instances: TableInstances;
  readonly #history: SourceHistory;
  readonly #log: Log;
  readonly #o: CallOptions;
  /** The range of the last gap that was recorded. */
  #skipped: Pick<Gap, 'from' | 'to'> | undefined;

  constructor(
    context: ReaderContext,
    table: TableId,
    instances: TableInstances,
    history: SourceHistory,
    log: Log,
    o: CallOptions,
  ) {
    this.#context = context;
    this.#table = table;
    this.#instances = instances;
    this.#history = history;
    this.#log = log;
    this.#o = o;
  }

  /**
   * The batch whose checkpoint records the gap at `position`: `report` comes after it. Undefined when nothing after
   * `position` is lost: cleanup removed only what had left before. Throws what the table stops at, or why the gap cannot be
   * measured.
   */
  async record(
    error: GapError,
    position: LogPosition,
    lastProbe: ProbeAnswer | undefined,
  ): Promise<TableBatch | undefined> {
    const { onGap } = this.#context;
    if (onGap === 'skip' && error.code === 'SourceWentBack' && !(await this.#isProven(lastProbe)))
      throw notProven(error);
    const gap = await this.#measure(error, position);
    if (error.code === 'HistoryLost' && gap.to <= gap.from) return undefined;
    if (onGap === 'stop') throw withTimes(error, gap);
    const { from, to } = gap;
    if (this.#skipped?.from === from && this.#skipped.to === to) throw error; // skipping the same gap again does not help
    this.#skipped = { from, to };
    this.#log.warn('changes are lost; skipping the gap', { ...gap, error });
    this.#history.recordGap(gap);
    return { changes: [], end: position, beginsGeneration: true };
  }

  /**
   * The event of a gap that was recorded, and where reading continues: in the mode of before, whose ordinals may have been sent.
   * The same gap always gives the same event: all it holds was recorded with it.
   */
  report(gap: Gap, mode: ReadMode = this.#context.mode): TableBatch {
    const { incarnation } = this.#history;
    const event = gapEvent(this.#table, gap, gapId(this.#table, this.#context.hash, gap, incarnation));
    this.#history.gapReported();
    this.#instances.useIncarnation(incarnation);
    return {
      changes: [encodeChange(event, this.#table)],
      end: { kind: 'between', mode, lsn: previousLsn(gap.to) },
    };
  }

  async #isProven(lastProbe: ProbeAnswer | undefined): Promise<boolean> {
    return lastProbe !== undefined && (await this.#history.isSurelyOther(lastProbe, this.#o));
  }

  /** The range of the gap by the catalogue as it is now. After a restore all that is kept is read again. */
  async #measure({ code }: Pick<GapError, 'code'>, position: LogPosition): Promise<Gap> {
    this.#instances.forget();
    const kept = code === 'SourceWentBack' ? undefined : position;
    const { captureInstance, startLsn: to } = await this.#instances.select(kept, this.#o);
    return {
      reason: code,
      captureInstance,
      from: neededFrom(position),
      to,
      fromAt: this.#history.readUpToAt,
      toAt: await this.#committedFrom(to, captureInstance),
      noticedAt: iso(this.#context.clock.wallMs()),
    };
  }

  /** When the first transaction from `lsn` on was committed. Only the operator needs it: what cannot be queried is left out. */
  async #committedFrom(lsn: Lsn, captureInstance: string): Promise<string | undefined> {
    try {
      const creation = await creationOf(this.#context.client, captureInstance, lsn, this.#o);
      return creation?.nextAtMs === undefined ? undefined : iso(creation.nextAtMs);
    } catch (cause) {
      this.#o.signal.throwIfAborted();
      this.#log.debug('could not query the commit times around the gap', { error: cause });
      return undefined;
    }
  }
}

/** The event that reports a gap (docs/messages.md). */
function gapEvent(table: TableId, gap: Gap, id: string): ChangeEvent {
  return {
    data: null,
    metadata: {
      version: 2,
      id,
      source: 'sqlserver',
      server: table.source,
      database: table.database,
      schema: table.schema,
      table: table.table,
      operation: 'gap',
      key: null,
      gap: {
        reason: gap.reason,
        from: { lsn: `0x${gap.from}`, ...(gap.fromAt !== undefined && { at: gap.fromAt }) },
        to: { lsn: `0x${gap.to}`, ...(gap.toAt !== undefined && { at: gap.toAt }) },
      },
      origin: { captureInstance: gap.captureInstance, lsn: `0x${gap.to}`, seqval: `0x${zeroLsn}` },
      sequence: 0,
      committedAt: gap.toAt ?? gap.noticedAt,
      position: positionAfter(previousLsn(gap.to)),
    },
  };
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
