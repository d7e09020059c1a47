/** Packs consecutive changes of one session into messages (DESIGN 7). Pure: byte length and hash are passed in. */
import type { ChangeEvent, Stamp } from './change-event.ts';
import { encodeEnvelope } from './envelope.ts';
import { shorten, type Hash } from './shorten.ts';
import { tableKey, tableName, type TableId } from './table-id.ts';
import type { OutgoingMessage, PropertyValue } from './topic.ts';

export interface PackLimits {
  /** Bytes of a message's body beyond which no further change is added. One larger change travels alone. */
  readonly maxBytes: number;
  readonly maxChanges: number;
}

export interface PackOptions extends PackLimits {
  readonly table: TableId;
  readonly byteLength: (text: string) => number;
  readonly hash: Hash;
}

/** Service Bus takes session ids of at most 128 characters (Service Bus quotas). */
const maxSessionId = 128;

/** The session of a table: its identity, shortened by a hash where it passes the broker's limit. */
export function sessionIdOf(table: TableId, hash: Hash): string {
  return shorten(tableKey(table), maxSessionId, hash);
}

/** True when changes of `table` travel by `sessionId`: its own session, or one of its buckets when ordered by key. */
export function travelsBy(sessionId: string, table: TableId, hash: Hash): boolean {
  const own = sessionIdOf(table, hash);
  return sessionId === own || sessionId.startsWith(`${own}/`);
}

interface Open {
  lines: string[];
  bytes: number;
  first: ChangeEvent;
  last: ChangeEvent;
}

/** Messages for `changes`, in order. Never waits for more: what is given is what is packed. */
export function pack(changes: readonly ChangeEvent[], stamp: Stamp, options: PackOptions): OutgoingMessage[] {
  const seal = sealer(stamp, options);
  const messages: OutgoingMessage[] = [];
  let open: Open | undefined;
  for (const change of changes) {
    const line = encodeEnvelope(change, stamp);
    const bytes = options.byteLength(line);
    if (open !== undefined && fits(open, bytes, options)) {
      open.lines.push(line);
      open.bytes += bytes + 1;
      open.last = change;
    } else {
      if (open !== undefined) messages.push(seal(open));
      open = { lines: [line], bytes, first: change, last: change };
    }
  }
  if (open !== undefined) messages.push(seal(open));
  return messages;
}

function fits(open: Open, bytes: number, limits: PackLimits): boolean {
  return open.lines.length < limits.maxChanges && open.bytes + 1 + bytes <= limits.maxBytes;
}

function sealer(stamp: Stamp, options: PackOptions): (open: Open) => OutgoingMessage {
  const { table } = options;
  const sessionId = sessionIdOf(table, options.hash);
  const common = {
    schema: table.schema,
    table: table.table,
    database: table.database,
    server: table.source,
  };
  return ({ lines, bytes, first, last }) => {
    const properties: Record<string, PropertyValue> = {
      ...common,
      changes: lines.length,
      firstPosition: first.metadata.position,
      lastPosition: last.metadata.position,
      generation: stamp.generation,
    };
    if (options.maxChanges === 1) properties['operation'] = first.metadata.operation;
    return {
      messageId: messageIdOf(first.metadata.id, lines.length, stamp.generation),
      sessionId,
      subject: tableName(table),
      contentType: contentTypeOf(lines.length),
      body: lines.join('\n'),
      bodyBytes: bytes,
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

function contentTypeOf(changes: number): string {
  return changes === 1 ? 'application/json' : 'application/x-ndjson';
}
