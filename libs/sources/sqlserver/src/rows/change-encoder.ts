/** Makes the envelope of a logical change (docs/messages.md): images, key, what changed and what CDC did not carry. */
import {
  shorten,
  tableKey,
  type EncodedChange,
  type Hash,
  type Position,
  type TableId,
  type Unavailable,
  type Value,
} from '@dstream/core';
import { ordinalText, positionLength, type Lsn } from '../position/log-position.ts';
import type { CapturedColumn, CaptureInstance } from '../sql/catalogue.ts';
import { keyIndexes, type SelectedColumn } from '../sql/page-statement.ts';
import type { ChangeRow, LogicalChange } from './change-rows.ts';
import { ImageColumns, RowEncoder, type MissingColumns } from './row-images.ts';
import { fixedText, type FixedText, type Utf8Writer, type Written } from './utf8-writer.ts';

/** The table and the capture instance that changes are read from. */
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

/** Encodes the changes of one capture instance. Holds no change. */
export class ChangeEncoder {
  readonly #table: TableId;
  readonly #rows: RowEncoder;
  readonly #keys: RowEncoder;
  /** See `keyIndexes`. */
  readonly #key: readonly number[];
  readonly #images: ImageColumns;
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
    this.#images = new ImageColumns(columns, unreadable);
    this.#idStart = fixedText(JSON.stringify(`${tablePart(table, hash, incarnation)}:`).slice(0, -1));
    this.#source = fixedText(sourceText(table));
    this.#origin = fixedText(originText(instance));
  }

  /** Called for each change. @param out for the changes of one page: not kept */
  encode(change: LogicalChange, committedAt: string, out: Utf8Writer): EncodedChange {
    const missing = this.#writeImages(change, out);
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
    this.#writeLists(change, missing, out);
    this.#writePlace(change, committedAt, out);
    const offsets = { idFrom, idTo, keyFrom, keyTo };
    return new EncodedRowChange(this.#table, change.operation, out.take(), offsets);
  }

  #writeKey({ values }: ChangeRow, out: Utf8Writer): void {
    const key = this.#key.map((index) => values[index] ?? null);
    if (key.length === 0) out.fixed(text.noKey);
    else this.#keys.write(key, out);
  }

  #writeImages(change: LogicalChange, out: Utf8Writer): MissingInImages {
    const { after, before } = change;
    const data = this.#images.missingInData(change);
    out.fixed(text.data);
    this.#rows.write(after.values, out, data.indexes);
    if (before === undefined) return { data };
    const old = this.#images.missingInBefore(before, after);
    out.fixed(text.before);
    this.#rows.write(before.values, out, old.indexes);
    return { data, before: old };
  }

  /**
   * `table:[incarnation:]lsn:seqval:operation[-tie]`, at most 96 characters. It depends on the change alone, never on the ordinal,
   * the page or the capture instance. The incarnation is for the time after a source went back, when LSNs are used again
   * (docs/guarantees.md, rule 3).
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

  #writeLists(change: LogicalChange, { data, before }: MissingInImages, out: Utf8Writer): void {
    if (change.operation === 'update')
      out.text(`,"changed":${JSON.stringify(this.#images.changed(change, before))}`);
    const unavailable: Unavailable[] = [];
    if (data.names.length > 0) unavailable.push({ in: 'data', columns: data.names });
    if (before !== undefined && before.names.length > 0)
      unavailable.push({ in: 'before', columns: before.names });
    if (unavailable.length > 0) out.text(`,"unavailable":${JSON.stringify(unavailable)}`);
  }
}

interface MissingInImages {
  readonly data: MissingColumns;
  readonly before?: MissingColumns;
}

/** The fields of every change of a table, up to its operation. */
function sourceText({ source, database, schema, table }: TableId): string {
  const fields = { source: 'sqlserver', server: source, database, schema, table };
  return `,${JSON.stringify(fields).slice(1, -1)},"operation":"`;
}

/** The origin of every change of a capture instance, up to the digits of its LSN. */
function originText({ name }: CaptureInstance): string {
  return `,"origin":{"captureInstance":${JSON.stringify(name)},"lsn":"0x`;
}

/** Where some parts of an envelope lie, in bytes from its beginning: the JSON texts of its id and key. */
interface EnvelopeOffsets {
  readonly idFrom: number;
  readonly idTo: number;
  readonly keyFrom: number;
  readonly keyTo: number;
}

/** Characters of `2026-11-20T09:15:30.123Z`: of any time that toISOString gives for the years 0 to 9999. */
const timeLength = 24;
/** The characters around the position, which ends an envelope: those between the commit time and it, and those after it. */
const beforePosition = '","position":"'.length;
const afterPosition = '"'.length;

/**
 * An encoded change. Thousands wait at a time, so each holds only numbers; what is needed of few of them, such as the first
 * and the last of a message, is parsed from the bytes when it is asked for.
 */
class EncodedRowChange implements EncodedChange {
  readonly table: TableId;
  readonly operation: EncodedChange['operation'];
  readonly bytes: number;
  readonly #memory: Buffer;
  readonly #from: number;
  readonly #idFrom: number;
  readonly #idTo: number;
  readonly #keyFrom: number;
  readonly #keyTo: number;

  constructor(
    table: TableId,
    operation: EncodedChange['operation'],
    { memory, from, to }: Written,
    offsets: EnvelopeOffsets,
  ) {
    this.table = table;
    this.operation = operation;
    this.bytes = to - from;
    this.#memory = memory;
    this.#from = from;
    this.#idFrom = offsets.idFrom;
    this.#idTo = offsets.idTo;
    this.#keyFrom = offsets.keyFrom;
    this.#keyTo = offsets.keyTo;
  }

  copyTo(target: Uint8Array, at: number): void {
    this.#memory.copy(target, at, this.#from, this.#from + this.bytes);
  }

  get id(): string {
    return JSON.parse(this.#text(this.#idFrom, this.#idTo)) as string;
  }

  get key(): readonly Value[] | null {
    const key: unknown = JSON.parse(this.#text(this.#keyFrom, this.#keyTo));
    return key === null ? null : (Object.values(key as object) as Value[]);
  }

  get committedAt(): string {
    const to = this.bytes - afterPosition - positionLength - beforePosition;
    return this.#text(to - timeLength, to);
  }

  get position(): Position {
    const to = this.bytes - afterPosition;
    return this.#text(to - positionLength, to) as Position;
  }

  #text(from: number, to: number): string {
    return this.#memory.toString('utf8', this.#from + from, this.#from + to);
  }
}

/** What remains of 96 characters beside two LSNs, the operation and a tie count. Includes the incarnation. */
const maxTable = 40;

/** Characters of an incarnation, at most. */
export const maxIncarnation = 8;

/** The id of a gap that begins at `from` and ends before `to`. */
export function gapId(
  table: TableId,
  hash: Hash,
  { from, to }: { readonly from: Lsn; readonly to: Lsn },
  incarnation?: string,
): string {
  return `${tablePart(table, hash, incarnation)}:${from}:${to}:gap`;
}

/** The prefix of all ids of a table's changes, in one incarnation. */
export function tablePart(table: TableId, hash: Hash, incarnation?: string): string {
  if (incarnation === undefined) return shorten(tableKey(table), maxTable, hash);
  return `${shorten(tableKey(table), maxTable - 1 - incarnation.length, hash)}:${incarnation}`;
}
