/** Makes the envelope of a logical change (DESIGN 7): images, key, what changed and what CDC did not carry. */
import type { EncodedChange, Hash, TableId, Unavailable } from '@dstream/core';
import type { CapturedColumn, CaptureInstance } from '../sql/capture-instance.ts';
import type { SelectedColumn } from '../sql/page-statement.ts';
import { tablePart } from './change-id.ts';
import type { ChangeRow, LogicalChange } from './change-row.ts';
import { ImageLosses, type Lost } from './image-losses.ts';
import { ordinalText } from './position.ts';
import { ReadChange } from './read-change.ts';
import { RowEncoder } from './row-encoder.ts';
import { fixedText, Utf8Writer, type FixedText } from './utf8-writer.ts';

export interface ChangeEncoderOptions {
  readonly table: TableId;
  readonly instance: CaptureInstance;
  readonly columns: readonly SelectedColumn[];
  /** Captured, but not selected: unavailable in every image. */
  readonly unreadable?: readonly CapturedColumn[];
  readonly hash: Hash;
  /** Part of the ids: see `tablePart`. */
  readonly incarnation?: string | undefined;
}

const text = {
  data: fixedText('{"data":'),
  before: fixedText(',"before":'),
  metadata: fixedText(',"metadata":{"version":1,"id":'),
  key: fixedText('","key":'),
  noKey: fixedText('null'),
  lsn: fixedText(',"lsn":"0x'),
  seqval: fixedText('","seqval":"0x'),
  sequence: fixedText('","sequence":'),
  committedAt: fixedText(',"committedAt":"'),
  position: fixedText('","position":"'),
  colon: fixedText(':'),
  quote: fixedText('"'),
};

export class ChangeEncoder {
  readonly #out = new Utf8Writer();
  readonly #rows: RowEncoder;
  readonly #keys: RowEncoder;
  /** Where in a row the key's columns are, in the key's order. */
  readonly #key: readonly number[];
  readonly #losses: ImageLosses;
  readonly #idStart: FixedText;
  readonly #source: FixedText;

  constructor({ table, instance, columns, unreadable = [], hash, incarnation }: ChangeEncoderOptions) {
    const key = instance.key.flatMap((name) => columns.filter((column) => column.name === name));
    this.#key = key.map((column) => columns.indexOf(column));
    this.#keys = new RowEncoder(key);
    this.#rows = new RowEncoder(columns);
    this.#losses = new ImageLosses(columns, unreadable);
    this.#idStart = fixedText(JSON.stringify(`${tablePart(table, hash, incarnation)}:`).slice(0, -1));
    this.#source = fixedText(sourceText(table, instance));
  }

  /** To be called before the changes of a window: what was encoded before is let go. */
  begin(): void {
    this.#out.begin();
  }

  encode(change: LogicalChange, committedAt: string): EncodedChange {
    const out = this.#out;
    const lost = this.#writeImages(change);
    out.fixed(text.metadata);
    const idFrom = out.length;
    this.#writeId(change);
    const idTo = out.length;
    out.fixed(this.#source);
    out.ascii(change.operation);
    out.fixed(text.key);
    const keyFrom = out.length;
    this.#writeKey(change.after);
    const keyTo = out.length;
    this.#writeLists(change, lost);
    this.#writePlace(change, committedAt);
    return new ReadChange(change.operation, out.take(), { idFrom, idTo, keyFrom, keyTo });
  }

  #writeKey({ values }: ChangeRow): void {
    if (this.#key.length === 0) this.#out.fixed(text.noKey);
    else
      this.#keys.write(
        this.#key.map((index) => values[index] ?? null),
        this.#out,
      );
  }

  #writeImages(change: LogicalChange): Losses {
    const { after, before } = change;
    const data = this.#losses.inData(change);
    this.#out.fixed(text.data);
    this.#rows.write(after.values, this.#out, data.indexes);
    if (before === undefined) return { data };
    const old = this.#losses.inBefore(before, after);
    this.#out.fixed(text.before);
    this.#rows.write(before.values, this.#out, old.indexes);
    return { data, before: old };
  }

  /**
   * `table:[incarnation:]lsn:seqval:operation[-tie]`, at most 96 characters. It depends on the change alone, never on the ordinal,
   * the page or the capture instance. The incarnation is for the time after a source went back, when LSNs are used again
   * (DESIGN 5, rule 3).
   */
  #writeId({ after, tie }: LogicalChange): void {
    const out = this.#out;
    out.fixed(this.#idStart);
    out.ascii(after.lsn);
    out.fixed(text.colon);
    out.ascii(after.seqval);
    out.fixed(text.colon);
    out.ascii(String(after.operation));
    if (tie !== 0) out.ascii(`-${tie}`);
    out.fixed(text.quote);
  }

  /** Written piece by piece, here and above: a text joined of them would be garbage for every change. */
  #writePlace({ after, ordinal }: LogicalChange, committedAt: string): void {
    const out = this.#out;
    out.fixed(text.lsn);
    out.ascii(after.lsn);
    out.fixed(text.seqval);
    out.ascii(after.seqval);
    out.fixed(text.sequence);
    out.ascii(String(ordinal));
    out.fixed(text.committedAt);
    out.ascii(committedAt);
    out.fixed(text.position);
    out.ascii(after.lsn);
    out.fixed(text.colon);
    out.ascii(ordinalText(ordinal));
    out.fixed(text.quote);
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
  return `,${JSON.stringify(fields).slice(1, -1)},"operation":"`;
}
