/** Packs consecutive changes of each session into messages (DESIGN 7). Pure: byte length and hash are passed in. */
import type { ChangeEvent, Stamp } from './change-event.ts';
import { envelopeEncoder } from './envelope.ts';
import { together, type PackLimits, type Together } from './in-packs.ts';
import { byTable, sessionRouter, type Ordering } from './session.ts';
import type { Hash } from './shorten.ts';
import { tableName, type TableId } from './table-id.ts';
import { bodyText, type OutgoingMessage, type PropertyValue } from './topic.ts';
import type { EncodeLines, Utf8Lines } from './utf8-lines.ts';

export interface PackOptions extends PackLimits {
  readonly table: TableId;
  /** By table when not given. */
  readonly ordering?: Ordering;
  readonly encodeLines: EncodeLines;
  readonly hash: Hash;
}

/** A change and where its line is. */
interface Encoded {
  readonly change: ChangeEvent;
  readonly from: number;
  /** Without its line end. */
  readonly bytes: number;
}

/**
 * Messages for `changes`, in order within each session, the sessions one after the other. Never waits for more: what is
 * given is what is packed.
 */
export function pack(changes: readonly ChangeEvent[], stamp: Stamp, options: PackOptions): OutgoingMessage[] {
  const { ordering = byTable, encodeLines } = options;
  const seal = sealer(stamp, options);
  const sessionOf = sessionRouter(options.table, ordering, options.hash);
  return Array.from(Map.groupBy(changes, sessionOf), ([sessionId, own]) => {
    const lines = encodeLines(envelopes(own, stamp));
    return together(located(own, lines), options).map((packed) => seal(sessionId, packed, lines));
  }).flat();
}

function* envelopes(changes: readonly ChangeEvent[], stamp: Stamp): Generator<readonly string[]> {
  const encode = envelopeEncoder(stamp);
  for (const change of changes) yield encode(change);
}

function located(changes: readonly ChangeEvent[], { starts }: Utf8Lines): Encoded[] {
  return changes.map((change, index) => {
    const from = starts[index] ?? 0;
    return { change, from, bytes: (starts[index + 1] ?? from) - from - 1 };
  });
}

function sealer(
  stamp: Stamp,
  options: PackOptions,
): (sessionId: string, packed: Together<Encoded>, lines: Utf8Lines) => OutgoingMessage {
  const { table } = options;
  const common = {
    schema: table.schema,
    table: table.table,
    database: table.database,
    server: table.source,
  };
  return (sessionId, { items, bodyBytes }, { bytes }) => {
    const [{ change: first, from }] = items;
    const last = items.at(-1)?.change ?? first;
    const properties: Record<string, PropertyValue> = {
      ...common,
      changes: items.length,
      firstPosition: first.metadata.position,
      lastPosition: last.metadata.position,
      generation: stamp.generation,
    };
    if (options.maxChanges === 1) properties['operation'] = first.metadata.operation;
    return {
      messageId: messageIdOf(first.metadata.id, items.length, stamp.generation),
      sessionId,
      subject: tableName(table),
      contentType: contentTypeOf(items.length),
      body: bytes.subarray(from, from + bodyBytes),
      bodyBytes,
      properties,
    };
  };
}

/**
 * A packed message as two, each of half its changes, for a broker that does not take it whole. Undefined for a single
 * change: that cannot be made smaller.
 */
export function halve(
  message: OutgoingMessage,
  byteLength: (text: string) => number,
): readonly [OutgoingMessage, OutgoingMessage] | undefined {
  const lines = bodyText(message).split('\n');
  if (lines.length < 2) return undefined;
  const middle = Math.ceil(lines.length / 2);
  const part = (of: readonly string[]) => repacked(message, of, byteLength);
  return [part(lines.slice(0, middle)), part(lines.slice(middle))];
}

function repacked(
  message: OutgoingMessage,
  lines: readonly string[],
  byteLength: (text: string) => number,
): OutgoingMessage {
  const [first, last] = [lines[0] ?? '', lines.at(-1) ?? ''].map(
    (line) =>
      (JSON.parse(line) as { metadata: { id: string; position: string; generation: number } }).metadata,
  );
  if (first === undefined || last === undefined) throw new Error('a part of a message holds a line');
  const body = lines.join('\n');
  return {
    ...message,
    messageId: messageIdOf(first.id, lines.length, first.generation),
    contentType: contentTypeOf(lines.length),
    body,
    bodyBytes: byteLength(body),
    properties: {
      ...message.properties,
      changes: lines.length,
      firstPosition: first.position,
      lastPosition: last.position,
    },
  };
}

/** The change id is stable; the rest tells apart what was packed or numbered differently (DESIGN 5, rule 3). */
function messageIdOf(firstId: string, changes: number, generation: number): string {
  return `${firstId}:${changes}:${generation}`;
}

/** Of a body with so many lines. */
export function contentTypeOf(changes: number): string {
  return changes === 1 ? 'application/json' : 'application/x-ndjson';
}
