/** The capture instances of one table: which of them holds what follows a position, and the reader of its change table. */
import { DStreamError, type CallOptions, type Log, type TableId } from '@dstream/core';
import { notConvertible } from '../client/sql-errors.ts';
import { sqlNumbers } from '../client/sql-errors.ts';
import { neededFrom, previousLsn, type LogPosition, type Lsn } from '../position/log-position.ts';
import type { CaptureInstance } from '../sql/catalogue.ts';
import { isKnownType } from '../sql/column-codec.ts';
import { captureInstancesOf, type CaptureInstances } from '../sql/catalogue.ts';
import type { ReaderContext } from './reader-context.ts';
import type { PollSchedule } from './table-poll.ts';
import { PageReader } from './page-reader.ts';

/** The capture instance to read from, and its reader. */
export interface SelectedInstance {
  readonly reader: PageReader;
  readonly captureInstance: string;
  readonly startLsn: Lsn;
  /** The last LSN to be read from it, when a newer instance takes over after it. */
  readonly until: Lsn | undefined;
}

interface Reading {
  /** As the catalogue describes it. */
  readonly instance: CaptureInstance;
  readonly reader: PageReader;
  /** Columns of unknown types are left out, because the server cannot convert them. */
  readonly partial: boolean;
}

/** State of one `read` of one table; not reusable. Takes part in the probe of all tables until `release`. */
export class TableInstances {
  readonly #context: ReaderContext;
  readonly #table: TableId;
  readonly #log: Log;
  readonly #schedule: PollSchedule;
  #instances: CaptureInstances | undefined;
  #incarnation: string | undefined;
  #reading: Reading | undefined;
  /** The one that was last found to be what is read. */
  #compared: CaptureInstance | undefined;
  #unregister = () => {};

  /** @param schedule how long to wait for an instance that has not begun */
  constructor(context: ReaderContext, table: TableId, log: Log, schedule: PollSchedule) {
    this.#context = context;
    this.#table = table;
    this.#log = log;
    this.#schedule = schedule;
  }

  /**
   * All instances that have begun, the oldest first; waits while none has, which is not a fault. Throws
   * CdcNotEnabled, TableNotFound, TableNotCaptured.
   */
  async all(o: CallOptions): Promise<CaptureInstances> {
    this.#instances ??= await captureInstancesOf(this.#context.client, this.#table, o);
    while (this.#instances === undefined) {
      this.#log.debug('waiting for the first LSN of the capture instance');
      this.release(); // the probe of all tables must not name a change table that is gone
      await this.#context.clock.sleep(this.#schedule.afterNothing(), o.signal);
      this.#instances = await captureInstancesOf(this.#context.client, this.#table, o);
    }
    return this.#instances;
  }

  /**
   * Chooses the capture instance for a position (without one: the oldest) and creates the reader of its change table.
   * Returns no promise while the catalogue need not be queried.
   */
  select(position: LogPosition | undefined, o: CallOptions): SelectedInstance | Promise<SelectedInstance> {
    if (this.#instances !== undefined) return this.#select(this.#instances, position);
    return this.all(o).then((instances) => this.#select(instances, position));
  }

  #select(instances: CaptureInstances, position: LogPosition | undefined): SelectedInstance {
    const single = instances.length === 1; // as a rule: it has all there is, wherever the position is
    const from = position === undefined || single ? instances[0].startLsn : neededFrom(position);
    const { instance, until } = newestFrom(instances, from);
    const { name: captureInstance, startLsn } = instance;
    return { reader: this.#readerOf(instance), captureInstance, startLsn, until };
  }

  /** The capture instance that is read, or that would be read first, as far as it is known. Only error messages use it. */
  get captureInstance(): string | undefined {
    return this.#reading?.instance.name ?? this.#instances?.[0].name;
  }

  /** Changes that are read from now on get ids of this incarnation of the source. */
  useIncarnation(incarnation: string | undefined): void {
    if (incarnation !== this.#incarnation) this.release();
    this.#incarnation = incarnation;
  }

  /** The catalogue has changed: it will be queried again. */
  forget(): void {
    this.#instances = undefined;
  }

  /** To be called when the table is not read any more. Idempotent. */
  release(): void {
    this.#unregister();
    this.#unregister = () => {};
    this.#reading = undefined;
  }

  /**
   * Columns of unknown types are converted to text by the server, which may refuse: for the type, for a value, or because
   * user code fails. True when that is what `error` means, and the table can be read without them: then they are
   * unavailable in every image. A column of the key cannot be left out.
   */
  leaveOutUnreadable(error: unknown): boolean {
    const reading = this.#reading;
    if (reading === undefined || reading.partial || !isNotConvertible(error)) return false;
    const { instance } = reading;
    const unreadable = unknownColumns(instance);
    if (unreadable.length === 0 || unreadable.some(({ name }) => instance.key.includes(name))) return false;
    const columns = instance.columns.filter((column) => !unreadable.includes(column));
    const reader = this.#newReader({ ...instance, columns }, unreadable);
    this.#reading = { instance, reader, partial: true };
    const sentence = 'columns of unknown types cannot be converted to text; they are unavailable';
    this.#warnOnce(instance, sentence, unreadable, { error });
    return true;
  }

  #readerOf(instance: CaptureInstance): PageReader {
    if (this.#reading !== undefined && this.#isRead(this.#reading, instance)) return this.#reading.reader;
    this.release();
    const reader = this.#newReader(instance);
    this.#reading = { instance, reader, partial: false };
    this.#compared = instance;
    this.#unregister = this.#context.prober.register(instance.name);
    const unknown = unknownColumns(instance);
    if (unknown.length > 0)
      this.#warnOnce(instance, 'columns of unknown types are converted to text', unknown);
    return reader;
  }

  /** Compared only when the catalogue was queried anew: this is called several times a pass. */
  #isRead(reading: Reading, instance: CaptureInstance): boolean {
    if (this.#compared === instance) return true;
    const alike = readsAlike(reading.instance, instance);
    if (alike) this.#compared = instance;
    return alike;
  }

  #newReader(instance: CaptureInstance, unreadable: CaptureInstance['columns'] = []): PageReader {
    const [table, incarnation] = [this.#table, this.#incarnation];
    return new PageReader({ ...this.#context, table, instance, incarnation, unreadable });
  }

  #warnOnce(
    { name }: CaptureInstance,
    sentence: string,
    unknown: CaptureInstance['columns'],
    fields = {},
  ): void {
    const columns = unknown.map((column) => `${column.name} ${column.type}`);
    const key = JSON.stringify([name, sentence, columns]);
    if (this.#context.warned.has(key)) return;
    this.#context.warned.add(key);
    this.#log.warn(sentence, { columns, ...fields });
  }
}

/**
 * The newest instance that had started by `from`. An older one is read up to the start of the next, so that events change
 * shape exactly there.
 */
function newestFrom(
  instances: CaptureInstances,
  from: Lsn,
): { readonly instance: CaptureInstance; readonly until: Lsn | undefined } {
  const at = Math.max(
    0,
    instances.findLastIndex(({ startLsn }) => startLsn <= from),
  );
  const next = instances[at + 1];
  return { instance: instances[at] ?? instances[0], until: next && previousLsn(next.startLsn) };
}

/** The low end moves with every cleanup and does not change how an instance is read. */
function readsAlike(a: CaptureInstance, b: CaptureInstance): boolean {
  const shape = ({ name, columns, key, columnUpdates }: CaptureInstance) =>
    JSON.stringify([name, columns, key, columnUpdates]);
  return shape(a) === shape(b);
}

function unknownColumns({ columns }: CaptureInstance): CaptureInstance['columns'] {
  return columns.filter(({ type, computed }) => !computed && !isKnownType(type));
}

function isNotConvertible(error: unknown): boolean {
  return error instanceof DStreamError && sqlNumbers(error).some((number) => notConvertible.has(number));
}
