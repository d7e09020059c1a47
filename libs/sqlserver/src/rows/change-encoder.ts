/** Makes the envelope of a logical change (DESIGN 7): images, key, what changed and what CDC did not carry. */
import type { EncodedChange, Hash, TableId, Unavailable } from '@dstream/core';
import type { CapturedColumn, CaptureInstance } from '../sql/capture-instance.ts';
import type { SelectedColumn } from '../sql/page-statement.ts';
import { changeId, tablePart } from './change-id.ts';
import type { LogicalChange } from './change-row.ts';
import { ImageLosses, type Lost } from './image-losses.ts';
import { positionOf } from './position.ts';
import { ReadChange } from './read-change.ts';
import { RowEncoder } from './row-encoder.ts';
import { fixedText, isPlain, Utf8Writer, type FixedText } from './utf8-writer.ts';

export interface ChangeEncoderOptions {
  readonly table: TableId;
  readonly instance: CaptureInstance;
  readonly columns: readonly SelectedColumn[];
  /** Captured, but not selected: unavailable in every image. */
  readonly unreadable?: readonly CapturedColumn[];
  readonly hash: Hash;
  /** See `changeId`. */
  readonly incarnation?: string | undefined;
}

export class ChangeEncoder {
  readonly #out = new Utf8Writer();
  readonly #rows: RowEncoder;
  readonly #keys: RowEncoder;
  /** Where in a row the key's columns are, in the key's order. */
  readonly #key: readonly number[];
  readonly #losses: ImageLosses;
  /** Of the ids. */
  readonly #table: string;
  readonly #plainIds: boolean;
  readonly #source: FixedText;

  constructor({ table, instance, columns, unreadable = [], hash, incarnation }: ChangeEncoderOptions) {
    const key = instance.key.flatMap((name) => columns.filter((column) => column.name === name));
    this.#key = key.map((column) => columns.indexOf(column));
    this.#keys = new RowEncoder(key);
    this.#rows = new RowEncoder(columns);
    this.#losses = new ImageLosses(columns, unreadable);
    this.#table = tablePart(table, hash, incarnation);
    this.#plainIds = isPlain(this.#table);
    this.#source = fixedText(sourceText(table, instance));
  }

  /** To be called before the changes of a window: what was encoded before is let go. */
  begin(): void {
    this.#out.begin();
  }

  encode(change: LogicalChange, committedAt: string): EncodedChange {
    const { operation, after, ordinal, tie } = change;
    const out = this.#out;
    const key = this.#key.length === 0 ? null : this.#key.map((index) => after.values[index] ?? null);
    const lost = this.#writeImages(change);
    out.ascii(',"metadata":{"version":1,"id":');
    out.string(changeId(this.#table, after, tie), this.#plainIds);
    out.fixed(this.#source);
    out.ascii(`"${operation}","key":`);
    if (key === null) out.ascii('null');
    else this.#keys.write(key, out);
    this.#writeLists(change, lost);
    out.ascii(`,"lsn":"0x${after.lsn}","seqval":"0x${after.seqval}","sequence":${ordinal}`);
    out.ascii(`,"committedAt":"${committedAt}","position":"${positionOf(after.lsn, ordinal)}"`);
    return new ReadChange(this.#table, change, { key, committedAt, unstamped: out.take() });
  }

  #writeImages(change: LogicalChange): Losses {
    const { after, before } = change;
    const data = this.#losses.inData(change);
    this.#out.ascii('{"data":');
    this.#rows.write(after.values, this.#out, data.indexes);
    if (before === undefined) return { data };
    const old = this.#losses.inBefore(before, after);
    this.#out.ascii(',"before":');
    this.#rows.write(before.values, this.#out, old.indexes);
    return { data, before: old };
  }

  #writeLists(change: LogicalChange, { data, before }: Losses): void {
    if (change.operation === 'update')
      this.#out.text(`,"changed":${JSON.stringify(this.#losses.changed(change, before))}`);
    const unavailable: Unavailable[] = [];
    if (data.names.length > 0) unavailable.push({ in: 'data', columns: data.names });
    if (before !== undefined && before.names.length > 0)
      unavailable.push({ in: 'before', columns: before.names });
    if (unavailable.length > 0) this.#out.text(`,"unavailable":${JSON.stringify(unavailable)}`);
  }
}

interface Losses {
  readonly data: Lost;
  readonly before?: Lost;
}

/** What every change of a capture instance says of where it comes from, up to its operation. */
function sourceText({ source, database, schema, table }: TableId, { name }: CaptureInstance): string {
  const fields = { source: 'sqlserver', server: source, database, schema, table, captureInstance: name };
  return `,${JSON.stringify(fields).slice(1, -1)},"operation":`;
}
