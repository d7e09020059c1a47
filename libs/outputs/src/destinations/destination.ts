/** A destination of a broker, as `DestinationsPublisher` uses it, and the properties of every message to it. */
import type {
  CallOptions,
  ChangeMetadata,
  DStreamError,
  PropertyValue,
  RoutedEvent,
  TableId,
} from '@dstream/core';

/** A change and its index in what `publish` was given. */
export interface Entry {
  readonly index: number;
  readonly routed: RoutedEvent;
}

/** Changes of one ordering key that were not accepted, in order. `error` is that of the first one. */
export interface NotAccepted {
  readonly entries: readonly [Entry, ...Entry[]];
  readonly error: DStreamError;
}

/** A topic, queue or event hub. Connects at its first use and replaces a broken connection by itself. */
export interface Destination extends AsyncDisposable {
  /** Rejects with what a person must fix (`fatal`: EntityNotFound, Unauthorized, ConfigInvalid) or a transient error (`retry`). */
  connect(o: CallOptions): Promise<void>;
  /**
   * Tries once, and resolves with what was not accepted. Entries of one ordering key are accepted in order, as far as the
   * destination keeps one. Never rejects: after an abort, too, it resolves with what is known.
   */
  send(entries: readonly Entry[], o: CallOptions): Promise<readonly NotAccepted[]>;
}

/** Entries of any ordering keys, all refused for the same reason. */
export function notAccepted(entries: readonly Entry[], error: DStreamError): readonly NotAccepted[] {
  const byKey = Map.groupBy(entries, ({ routed }) => routed.orderingKey);
  return [...byKey.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ entries: [first, ...rest], error }],
  );
}

/** The table of a change. `metadata.server` is the name of the source (docs/guarantees.md, rule 1). */
export function tableIdOf({ server, database, schema, table }: ChangeMetadata): TableId {
  return { source: server, database, schema, table };
}

/** Of a message with one change. */
export function mediaTypeOf({ contentType = 'application/json' }: RoutedEvent): string {
  return contentType;
}

/**
 * Application properties of a message with the changes of one table from `first` to `last` (docs/messages.md). Attributes
 * of the first, which only messages of one change have, are CloudEvents': with the prefix that "AMQP Protocol Binding for
 * CloudEvents", 3.1.3.1, prefers, because filters and JMS take no colon.
 */
export function changeProperties(
  { event: { metadata: first }, attributes }: RoutedEvent,
  last: ChangeMetadata,
  changes: number,
): Record<string, PropertyValue> {
  const properties: Record<string, PropertyValue> = {
    schema: first.schema,
    table: first.table,
    database: first.database,
    server: first.server,
    changes,
    firstPosition: first.position,
    lastPosition: last.position,
  };
  for (const name in attributes) properties[`cloudEvents_${name}`] = attributes[name] ?? '';
  return properties;
}
