/** Changes as messages of Service Bus. */
import {
  contentTypeOf,
  inPacks,
  sessionIdOf,
  shorten,
  tableName,
  type Hash,
  type Line,
  type OutgoingMessage,
  type Pack,
  type PackLimits,
} from '@dstream/core';
import { changeProperties, mediaTypeOf, tableIdOf, type Entry } from '../destinations/destination.ts';

/** A message and the changes in it. */
export interface PackedMessage {
  readonly message: OutgoingMessage;
  readonly entries: readonly [Entry, ...Entry[]];
}

interface Item extends Line {
  readonly entry: Entry;
}

/** Service Bus takes session ids of at most 128 characters ("Service Bus quotas"). */
const maxSessionId = 128;

/** The changes as messages, in order within each session. */
export function packMessages(entries: readonly Entry[], limits: PackLimits, hash: Hash): PackedMessage[] {
  const sessions = Map.groupBy(entries, sessionsOf(hash));
  return [...sessions].flatMap(([sessionId, own]) =>
    inPacks(own.map(itemOf), limits).map((pack) => packedMessage(pack, sessionId, limits, hash)),
  );
}

/**
 * The session that a change came by, so that a receiver has the order that the processor has; of a change that came by
 * none, the session of its table. Consecutive changes mostly share one, so the last one is remembered.
 */
function sessionsOf(hash: Hash): (entry: Entry) => string {
  let known: { readonly orderingKey: string; readonly sessionId: string } | undefined;
  return ({ routed: { orderingKey, event } }) => {
    if (orderingKey === '') return sessionIdOf(tableIdOf(event.metadata), hash);
    if (known?.orderingKey !== orderingKey) {
      known = { orderingKey, sessionId: shorten(orderingKey, maxSessionId, hash) };
    }
    return known.sessionId;
  };
}

function itemOf(entry: Entry): Item {
  return { entry, utf8: entry.routed.line };
}

function packedMessage(
  { items, body, bodyBytes }: Pack<Item>,
  sessionId: string,
  limits: PackLimits,
  hash: Hash,
): PackedMessage {
  const [{ entry }, ...others] = items;
  const entries: [Entry, ...Entry[]] = [entry, ...others.map((item) => item.entry)];
  const first = entry.routed.event.metadata;
  const last = entries.at(-1)?.routed.event.metadata ?? first;
  const properties = changeProperties(entry.routed, last, entries.length);
  if (limits.maxChanges === 1) properties['operation'] = first.operation;
  const message = {
    messageId: messageIdOf(entries, hash),
    sessionId,
    partitionKey: sessionId,
    subject: tableName(first),
    contentType: entries.length === 1 ? mediaTypeOf(entry.routed) : contentTypeOf(entries.length),
    body,
    bodyBytes,
    properties,
  };
  return { message, entries };
}

/**
 * The id of the change. A message with several changes is named after all of them: a queue that detects duplicates drops
 * any message with an id that it has seen, even if the content differs.
 */
function messageIdOf(entries: readonly [Entry, ...Entry[]], hash: Hash): string {
  const [{ routed }] = entries;
  const { id } = routed.event.metadata;
  if (entries.length === 1) return id;
  const all = entries.map((entry) => entry.routed.event.metadata.id).join('\n');
  return `${id}:${entries.length}:${hash(all).slice(0, 16)}`;
}
