/**
 * Reads windows, and goes on without the columns that keep them from being read. A column of a type that we do not know is
 * converted to text by the server, which may refuse: for the type, for a value, or because user code fails. Such a
 * column is then unavailable in every image; the table goes on.
 */
import { DStreamError, type ChangeBatch, type Log } from '@dstream/core';
import { notText } from '../client/sql-errors.ts';
import { sqlNumbers } from '../client/translate-error.ts';
import type { Lsn } from '../position/lsn.ts';
import { placeOfToken, type Place } from '../position/position.ts';
import type { CaptureInstance } from '../sql/capture-instance.ts';
import { isKnownType } from '../sql/column-codec.ts';
import type { ReaderContext } from './reader-context.ts';
import { WindowReader, type WindowReaderOptions } from './window-reader.ts';

export type ForgivingWindowsOptions = WindowReaderOptions & Pick<ReaderContext, 'said'>;

export class ForgivingWindows {
  readonly #options: ForgivingWindowsOptions;
  readonly #log: Log;
  #reader: WindowReader;
  #whole = true;

  constructor(options: ForgivingWindowsOptions, log: Log) {
    this.#options = options;
    this.#log = log;
    this.#reader = new WindowReader(options);
    const columns = unknownColumns(options.instance);
    if (columns.length > 0) this.#warnOnce('columns of a type that is not known are sent as text', columns);
  }

  /** With all its columns. */
  get instance(): CaptureInstance {
    return this.#options.instance;
  }

  /** See `WindowReader`. */
  bound(place: Place, to: Lsn, signal: AbortSignal): Promise<Lsn> {
    return this.#reader.bound(place, to, signal);
  }

  /** See `WindowReader`. */
  async *read(place: Place, to: Lsn, bounded: boolean, signal: AbortSignal): AsyncGenerator<ChangeBatch> {
    let at = place;
    try {
      for await (const batch of this.#reader.read(place, to, bounded, signal)) {
        at = placeOfToken(batch.end.token);
        yield batch;
      }
    } catch (error) {
      if (!this.#leaveOut(error)) throw error;
      yield* this.#reader.read(at, to, bounded, signal);
    }
  }

  /** True when it was such a column and the window can be read without it. Once; a key cannot be left out. */
  #leaveOut(error: unknown): boolean {
    if (!(error instanceof DStreamError) || !sqlNumbers(error).some((n) => notText.has(n))) return false;
    const { instance } = this.#options;
    const unreadable = unknownColumns(instance);
    const isKey = unreadable.some(({ name }) => instance.key.includes(name));
    if (!this.#whole || unreadable.length === 0 || isKey) return false;
    this.#whole = false;
    const columns = instance.columns.filter((column) => !unreadable.includes(column));
    this.#reader = new WindowReader({ ...this.#options, instance: { ...instance, columns }, unreadable });
    const sentence =
      'the server cannot make text of columns of a type that is not known: they are unavailable';
    this.#warnOnce(sentence, unreadable, { error });
    return true;
  }

  #warnOnce(sentence: string, unknown: CaptureInstance['columns'], fields = {}): void {
    const { instance, said } = this.#options;
    const columns = unknown.map(({ name, type }) => `${name} ${type}`);
    const key = JSON.stringify([instance.name, sentence, columns]);
    if (said.has(key)) return;
    said.add(key);
    this.#log.warn(sentence, { columns, ...fields });
  }
}

function unknownColumns({ columns }: CaptureInstance): CaptureInstance['columns'] {
  return columns.filter(({ type, computed }) => !computed && !isKnownType(type));
}
