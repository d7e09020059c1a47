/** Packs consecutive changes of each session into messages (DESIGN 7). Pure: byte length and hash are passed in. */
import type { ChangeEvent, Stamp } from './change-event.ts';
import { encodeEnvelope } from './envelope.ts';
import { inPacks, type Line, type Pack, type PackLimits } from './in-packs.ts';
import { byTable, sessionRouter, type Ordering } from './session.ts';
import type { Hash } from './shorten.ts';
import { tableName, type TableId } from './table-id.ts';
import type { OutgoingMessage, PropertyValue } from './topic.ts';

export interface PackOptions extends PackLimits {
  readonly table: TableId;
  /** By table when not given. */
  readonly ordering?: Ordering;
  readonly byteLength: (text: string) => number;
  readonly hash: Hash;
}

interface Encoded extends Line {
  readonly change: ChangeEvent;
}

/**
 * Messages for `changes`, in order within each session, the sessions one after the other. Never waits for more: what is
 * given is what is packed.
 */
export function pack(changes: readonly ChangeEvent[], stamp: Stamp, options: PackOptions): OutgoingMessage[] {
  const { ordering = byTable } = options;
  const seal = sealer(stamp, options);
  const encoded = changes.map((change) => {
    const line = encodeEnvelope(change, stamp);
    return { change, line, bytes: options.byteLength(line) };
  });
  const sessionOf = sessionRouter(options.table, ordering, options.hash);
  const bySession = Map.groupBy(encoded, ({ change }) => sessionOf(change));
  return Array.from(bySession, ([sessionId, items]) =>
    inPacks(items, options).map((packed) => seal(sessionId, packed)),
  ).flat();
}

function sealer(
  stamp: Stamp,
  options: PackOptions,
): (sessionId: string, packed: Pack<Encoded>) => OutgoingMessage {
  const { table } = options;
  const common = {
    schema: table.schema,
    table: table.table,
    database: table.database,
    server: table.source,
  };
  return (sessionId, { items, body, bodyBytes }) => {
    const [{ change: first }] = items;
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
      body,
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
  const lines = message.body.split('\n');
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
