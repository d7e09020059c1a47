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
import { changeProperties, tableIdOf } from '../destinations/change-properties.ts';
import type { Entry } from '../destinations/destination.ts';

/** One message and the changes in it. */
export interface ServiceBusParcel {
  readonly message: OutgoingMessage;
  readonly entries: readonly [Entry, ...Entry[]];
}

interface Item extends Line {
  readonly entry: Entry;
}

/** Service Bus takes session ids of at most 128 characters (Service Bus quotas). */
const maxSessionId = 128;

/** `entries` as messages, in order within each session. */
export function parcelsOf(entries: readonly Entry[], limits: PackLimits, hash: Hash): ServiceBusParcel[] {
  const sessions = Map.groupBy(entries, sessionsOf(hash));
  return [...sessions].flatMap(([sessionId, own]) =>
    inPacks(own.map(itemOf), limits).map((pack) => parcelOf(pack, sessionId, limits, hash)),
  );
}

/**
 * The session a change came by, so that whoever receives has the order that the processor has; where it came by none,
 * that of its table. Neighbours mostly have the same.
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
  const { line } = entry.routed;
  return { entry, line, bytes: Buffer.byteLength(line) };
}

function parcelOf(
  { items, body, bodyBytes }: Pack<Item>,
  sessionId: string,
  limits: PackLimits,
  hash: Hash,
): ServiceBusParcel {
  const [{ entry }, ...others] = items;
  const entries: [Entry, ...Entry[]] = [entry, ...others.map((item) => item.entry)];
  const first = entry.routed.event.metadata;
  const last = entries.at(-1)?.routed.event.metadata ?? first;
  const properties = changeProperties(first, last, entries.length);
  if (limits.maxChanges === 1) properties['operation'] = first.operation;
  const message = {
    messageId: messageIdOf(entries, hash),
    sessionId,
    partitionKey: sessionId,
    subject: tableName(first),
    contentType: contentTypeOf(entries.length),
    body,
    bodyBytes,
    properties,
  };
  return { message, entries };
}

/**
 * The id of the change. Several changes together are named after all of them: a queue that detects duplicates drops
 * whatever has an id it has seen, also when it holds something else.
 */
function messageIdOf(entries: readonly [Entry, ...Entry[]], hash: Hash): string {
  const [{ routed }] = entries;
  const { id } = routed.event.metadata;
  if (entries.length === 1) return id;
  const all = entries.map((entry) => entry.routed.event.metadata.id).join('\n');
  return `${id}:${entries.length}:${hash(all).slice(0, 16)}`;
}
