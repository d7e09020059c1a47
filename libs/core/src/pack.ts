/** Packs consecutive changes of each session into messages (DESIGN 7). Pure: the hash is passed in. */
import type { Stamp } from './change-event.ts';
import type { EncodedChange } from './encoded-change.ts';
import { stampText } from './envelope.ts';
import { followsText, lastChangeOf } from './follows.ts';
import { together, type PackLimits, type Together } from './in-packs.ts';
import type { Progress } from './position.ts';
import { byTable, sessionRouter, type Ordering } from './session.ts';
import type { Hash } from './shorten.ts';
import { perTable, tableName, type TableId } from './table-id.ts';
import { bodyText, type OutgoingMessage, type PropertyValue } from './topic.ts';

export interface PackOptions extends PackLimits {
  /** By table when not given. */
  readonly ordering?: Ordering;
  readonly hash: Hash;
  /** The last change that was accepted in a session: what its first message follows. Undefined when it is not known. */
  readonly accepted?: (sessionId: string) => Progress | undefined;
}

const encoder = new TextEncoder();
const lineEnd = 0x0a;

/**
 * Messages for `changes`, in order within each session, the sessions one after the other. Never waits for more: what is
 * given is what is packed.
 */
export function pack(
  changes: readonly EncodedChange[],
  stamp: Stamp,
  options: PackOptions,
): OutgoingMessage[] {
  const { ordering = byTable, hash } = options;
  const stampBytes = encoder.encode(stampText(stamp));
  const bytesOf = ({ bytes }: EncodedChange): number => bytes + stampBytes.length;
  const seal = sealer(stamp, stampBytes, options);
  return Array.from(Map.groupBy(changes, sessionRouter(ordering, hash)), ([sessionId, own]) => {
    let follows = options.accepted?.(sessionId);
    return together(own, options, bytesOf).map((packed) => {
      const message = seal(sessionId, packed, follows);
      follows = lastChangeOf(message.properties);
      return message;
    });
  }).flat();
}

function sealer(
  stamp: Stamp,
  stampBytes: Uint8Array,
  options: PackOptions,
): (sessionId: string, packed: Together<EncodedChange>, follows: Progress | undefined) => OutgoingMessage {
  const commonOf = perTable(commonProperties);
  return (sessionId, { items, bodyBytes }, follows) => {
    const [first] = items;
    const last = items.at(-1) ?? first;
    const properties: Record<string, PropertyValue> = {
      ...commonOf(first.table),
      changes: items.length,
      firstPosition: first.position,
      lastPosition: last.position,
      generation: stamp.generation,
    };
    if (follows !== undefined) properties['follows'] = followsText(follows);
    if (options.maxChanges === 1) properties['operation'] = first.operation;
    return {
      messageId: messageIdOf(first.id, items.length, stamp.generation),
      sessionId,
      subject: tableName(first.table),
      contentType: contentTypeOf(items.length),
      body: bodyOf(items, stampBytes, bodyBytes),
      bodyBytes,
      properties,
    };
  };
}

/** What all messages of a table say: a session holds changes of one table only. */
function commonProperties({ schema, table, database, source }: TableId): Readonly<Record<string, string>> {
  return { schema, table, database, server: source };
}

/** Lines, a line end between two. */
function bodyOf(changes: readonly EncodedChange[], stamp: Uint8Array, bytes: number): Uint8Array {
  const body = new Uint8Array(bytes);
  let at = 0;
  for (const change of changes) {
    if (at > 0) body[at++] = lineEnd;
    change.copyTo(body, at);
    body.set(stamp, at + change.bytes);
    at += change.bytes + stamp.length;
  }
  return body;
}

/**
 * A packed message as two, each of half its changes, for a broker that does not take it whole. Undefined for a single
 * change: that cannot be made smaller.
 */
export function halve(message: OutgoingMessage): readonly [OutgoingMessage, OutgoingMessage] | undefined {
  const lines = bodyText(message).split('\n');
  if (lines.length < 2) return undefined;
  const middle = Math.ceil(lines.length / 2);
  const [first, second] = [repacked(message, lines.slice(0, middle)), repacked(message, lines.slice(middle))];
  const last = lastChangeOf(first.properties);
  const follows = last && { follows: followsText(last) };
  return [first, { ...second, properties: { ...second.properties, ...follows } }];
}

function repacked(message: OutgoingMessage, lines: readonly string[]): OutgoingMessage {
  const [first, last] = [lines[0] ?? '', lines.at(-1) ?? ''].map(
    (line) =>
      (JSON.parse(line) as { metadata: { id: string; position: string; generation: number } }).metadata,
  );
  if (first === undefined || last === undefined) throw new Error('a part of a message holds a line');
  const body = encoder.encode(lines.join('\n'));
  return {
    ...message,
    messageId: messageIdOf(first.id, lines.length, first.generation),
    contentType: contentTypeOf(lines.length),
    body,
    bodyBytes: body.length,
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
