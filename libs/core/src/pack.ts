/**
 * Packs consecutive changes into messages (docs/messages.md): `pack` the encoded changes of sessions, `inPacks` lines of JSON. As
 * many as fit, never waiting for more. Pure: the hash is passed in.
 */
import type { Stamp } from './change-event.ts';
import type { EncodedChange } from './change-source.ts';
import { followsText, lastChangeOf, type Progress } from './position.ts';
import { byTable, sessionRouter, type Ordering } from './session.ts';
import { perTable, tableName, type Hash, type TableId } from './table-id.ts';
import { bodyText, type OutgoingMessage, type PropertyValue } from './topic.ts';

/** Changes of one message, at most: what failed of so many still fits into the properties of a dead letter. */
export const maxChangesOfMessage = 10_000;

/** How much a message may hold. */
export interface PackLimits {
  /** Bytes of a message's body beyond which no further change is added. One larger change travels alone. */
  readonly maxBytes: number;
  readonly maxChanges: number;
}

/** How `pack` packs. */
export interface PackOptions extends PackLimits {
  /** Default: by table. */
  readonly ordering?: Ordering;
  readonly hash: Hash;
  /** The last change that was accepted in a session: what its first message follows. Undefined when it is not known. */
  readonly accepted?: (sessionId: string) => Progress | undefined;
}

const encoder = new TextEncoder();
const lineEnd = 0x0a;

/**
 * Messages for `changes`, in order within each session, the sessions one after the other. Called for each batch of the
 * source.
 */
export function pack(
  changes: readonly EncodedChange[],
  stamp: Stamp,
  options: PackOptions,
): OutgoingMessage[] {
  const { ordering = byTable, hash } = options;
  const stampBytes = encoder.encode(stampText(stamp));
  const bytesOf = ({ bytes }: EncodedChange): number => bytes + stampBytes.length;
  const toMessage = messageBuilder(stamp, stampBytes, options);
  return Array.from(Map.groupBy(changes, sessionRouter(ordering, hash)), ([sessionId, own]) => {
    let follows = options.accepted?.(sessionId);
    return groupByLimits(own, options, bytesOf).map((group) => {
      const message = toMessage(sessionId, group, follows);
      follows = lastChangeOf(message.properties);
      return message;
    });
  }).flat();
}

function messageBuilder(
  stamp: Stamp,
  stampBytes: Uint8Array,
  options: PackOptions,
): (sessionId: string, group: Group<EncodedChange>, follows: Progress | undefined) => OutgoingMessage {
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
      body: encodedBody(items, stampBytes, bodyBytes),
      bodyBytes,
      properties,
    };
  };
}

/** The properties that all messages of a table have: a session holds changes of one table only. */
function commonProperties({ schema, table, database, source }: TableId): Readonly<Record<string, string>> {
  return { schema, table, database, server: source };
}

/** The end of an envelope, after what a source has encoded. Made once for a batch. */
export function stampText({ generation, epoch }: Stamp): string {
  return `${JSON.stringify({ generation, epoch }).replace('{', ',')}}`;
}

/** The lines, with line ends between them. */
function encodedBody(changes: readonly EncodedChange[], stamp: Uint8Array, bytes: number): Uint8Array {
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
 * A packed message as two, each of half its changes, for a broker that refuses it whole. Undefined for a single change,
 * which cannot be made smaller.
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

/** The change id is stable; the rest distinguishes what was packed or numbered differently (docs/guarantees.md, rule 3). */
function messageIdOf(firstId: string, changes: number, generation: number): string {
  return `${firstId}:${changes}:${generation}`;
}

/** The content type of a body with so many lines. */
export function contentTypeOf(changes: number): string {
  return changes === 1 ? 'application/json' : 'application/x-ndjson';
}

/** One change as a line of JSON in UTF-8, without its end. */
export interface Line {
  readonly utf8: Uint8Array;
}

/** Consecutive items that one message carries. */
interface Group<T> {
  readonly items: readonly [T, ...T[]];
  /** Bytes of their lines, with line ends between them. */
  readonly bodyBytes: number;
}

/** A group and the body of its message. */
export interface Pack<T extends Line> extends Group<T> {
  /** The lines, with line ends between them. */
  readonly body: Uint8Array;
}

/** `items` in their order, packed into as few messages as the limits allow. */
export function inPacks<T extends Line>(items: readonly T[], limits: PackLimits): Pack<T>[] {
  return groupByLimits(items, limits, ({ utf8 }) => utf8.length).map((pack) => ({
    ...pack,
    body: bodyOf(pack),
  }));
}

/** @param bytesOf length of the line that an item will be */
function groupByLimits<T>(items: readonly T[], limits: PackLimits, bytesOf: (item: T) => number): Group<T>[] {
  const packs: Group<T>[] = [];
  let open: [T, ...T[]] | undefined;
  let bytes = 0;
  const close = () => {
    if (open !== undefined) packs.push({ items: open, bodyBytes: bytes });
  };
  for (const item of items) {
    const own = bytesOf(item);
    if (open !== undefined && open.length < limits.maxChanges && bytes + 1 + own <= limits.maxBytes) {
      open.push(item);
      bytes += own + 1;
    } else {
      close();
      open = [item];
      bytes = own;
    }
  }
  close();
  return packs;
}

function bodyOf({ items, bodyBytes }: Group<Line>): Uint8Array {
  if (items.length === 1) return items[0].utf8;
  const body = new Uint8Array(bodyBytes).fill(lineEnd);
  let at = 0;
  for (const { utf8 } of items) {
    body.set(utf8, at);
    at += utf8.length + 1;
  }
  return body;
}
