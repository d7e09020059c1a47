import type { CallOptions, DStreamError, RoutedEvent } from '@dstream/core';

/** A change and its place in what `publish` was given. */
export interface Entry {
  readonly index: number;
  readonly routed: RoutedEvent;
}

/** Changes of one ordering key that were not accepted, in order. `error` is that of the first one. */
export interface NotAccepted {
  readonly entries: readonly [Entry, ...Entry[]];
  readonly error: DStreamError;
}

/** A topic, queue or event hub. Opened by its first use; recovers by itself from what passes. */
export interface Destination extends AsyncDisposable {
  /** Rejects with what a person must mend (`fatal`: EntityNotFound, Unauthorized, ConfigInvalid) or what passes (`retry`). */
  connect(o: CallOptions): Promise<void>;
  /**
   * Tries once, and resolves with what was not accepted. Entries of one ordering key are accepted in their order as
   * far as the destination keeps one. Never rejects: also after an abort it says what is known.
   */
  send(entries: readonly Entry[], o: CallOptions): Promise<readonly NotAccepted[]>;
}

/** `entries`, of any ordering keys, as what was not accepted for one reason. */
export function notAccepted(entries: readonly Entry[], error: DStreamError): readonly NotAccepted[] {
  const byKey = Map.groupBy(entries, ({ routed }) => routed.orderingKey);
  return [...byKey.values()].flatMap(([first, ...rest]) =>
    first === undefined ? [] : [{ entries: [first, ...rest], error }],
  );
}
