/** Makes the envelope of a logical change (DESIGN 7): images, key, what changed and what CDC did not carry. */
import type { EncodedChange, Hash, TableId, Unavailable } from '@dstream/core';
import type { CapturedColumn, CaptureInstance } from '../sql/capture-instance.ts';
import { keyIndexes, type SelectedColumn } from '../sql/page-statement.ts';
import { tablePart } from './change-id.ts';
import type { ChangeRow, LogicalChange } from './change-row.ts';
import { ImageLosses, type Lost } from './image-losses.ts';
import { ordinalText } from '../position/position.ts';
import { ReadChange } from './read-change.ts';
import { RowEncoder } from './row-encoder.ts';
import { fixedText, type FixedText, type Utf8Writer } from './utf8-writer.ts';

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
  metadata: fixedText(',"metadata":{"version":2,"id":'),
  key: fixedText('","key":'),
  noKey: fixedText('null'),
  seqval: fixedText('","seqval":"0x'),
  sequence: fixedText('"},"sequence":'),
  committedAt: fixedText(',"committedAt":"'),
  position: fixedText('","position":"'),
  colon: fixedText(':'),
  quote: fixedText('"'),
};

export class ChangeEncoder {
  readonly #table: TableId;
  readonly #rows: RowEncoder;
  readonly #keys: RowEncoder;
  /** See `keyIndexes`. */
  readonly #key: readonly number[];
  readonly #losses: ImageLosses;
  readonly #idStart: FixedText;
  readonly #source: FixedText;
  readonly #origin: FixedText;

  constructor({ table, instance, columns, unreadable = [], hash, incarnation }: ChangeEncoderOptions) {
    const { key } = instance;
    this.#table = table;
    this.#key = keyIndexes(instance, columns);
    const plain = this.#key.map((index) => columns[index]?.plainText ?? false);
    this.#keys = new RowEncoder(key.map((name, n) => ({ name, plainText: plain[n] ?? false })));
    this.#rows = new RowEncoder(columns);
    this.#losses = new ImageLosses(columns, unreadable);
    this.#idStart = fixedText(JSON.stringify(`${tablePart(table, hash, incarnation)}:`).slice(0, -1));
    this.#source = fixedText(sourceText(table));
    this.#origin = fixedText(originText(instance));
  }

  /** @param out of the changes of one window: nothing of it is kept here */
  encode(change: LogicalChange, committedAt: string, out: Utf8Writer): EncodedChange {
    const lost = this.#writeImages(change, out);
    out.fixed(text.metadata);
    const idFrom = out.length;
    this.#writeId(change, out);
    const idTo = out.length;
    out.fixed(this.#source);
    out.ascii(change.operation);
    out.fixed(text.key);
    const keyFrom = out.length;
    this.#writeKey(change.after, out);
    const keyTo = out.length;
    this.#writeLists(change, lost, out);
    this.#writePlace(change, committedAt, out);
    const marks = { idFrom, idTo, keyFrom, keyTo };
    return new ReadChange(this.#table, change.operation, out.take(), marks);
  }

  #writeKey({ values }: ChangeRow, out: Utf8Writer): void {
    const key = this.#key.map((index) => values[index] ?? null);
    if (key.length === 0) out.fixed(text.noKey);
    else this.#keys.write(key, out);
  }

  #writeImages(change: LogicalChange, out: Utf8Writer): Losses {
    const { after, before } = change;
    const data = this.#losses.inData(change);
    out.fixed(text.data);
    this.#rows.write(after.values, out, data.indexes);
    if (before === undefined) return { data };
    const old = this.#losses.inBefore(before, after);
    out.fixed(text.before);
    this.#rows.write(before.values, out, old.indexes);
    return { data, before: old };
  }

  /**
   * `table:[incarnation:]lsn:seqval:operation[-tie]`, at most 96 characters. It depends on the change alone, never on the ordinal,
   * the page or the capture instance. The incarnation is for the time after a source went back, when LSNs are used again
   * (DESIGN 5, rule 3).
   */
  #writeId({ after, tie }: LogicalChange, out: Utf8Writer): void {
    out.fixed(this.#idStart);
    out.ascii(after.lsn);
    out.fixed(text.colon);
    out.ascii(after.seqval);
    out.fixed(text.colon);
    out.ascii(String(after.operation));
    if (tie !== 0) out.ascii(`-${tie}`);
    out.fixed(text.quote);
  }

  /** Written piece by piece, as in `#writeId`: a text joined of them would be garbage for every change. */
  #writePlace({ after, ordinal }: LogicalChange, committedAt: string, out: Utf8Writer): void {
    out.fixed(this.#origin);
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

  #writeLists(change: LogicalChange, { data, before }: Losses, out: Utf8Writer): void {
    if (change.operation === 'update')
      out.text(`,"changed":${JSON.stringify(this.#losses.changed(change, before))}`);
    const unavailable: Unavailable[] = [];
    if (data.names.length > 0) unavailable.push({ in: 'data', columns: data.names });
    if (before !== undefined && before.names.length > 0)
      unavailable.push({ in: 'before', columns: before.names });
    if (unavailable.length > 0) out.text(`,"unavailable":${JSON.stringify(unavailable)}`);
  }
}

interface Losses {
  readonly data: Lost;
  readonly before?: Lost;
}

/** What every change of a table says of where it comes from, up to its operation. */
function sourceText({ source, database, schema, table }: TableId): string {
  const fields = { source: 'sqlserver', server: source, database, schema, table };
  return `,${JSON.stringify(fields).slice(1, -1)},"operation":"`;
}

/** What every change of a capture instance says of its origin, up to the digits of its LSN. */
function originText({ name }: CaptureInstance): string {
  return `,"origin":{"captureInstance":${JSON.stringify(name)},"lsn":"0x`;
}
