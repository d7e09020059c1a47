import type { CallOptions } from './context.ts';
import type { ChangeEvent } from './change-event.ts';

/** A change on its way to one output. */
export interface RoutedEvent {
  readonly event: ChangeEvent;
  /** The change as one line of JSON in UTF-8, without the line's end. Not to be changed. */
  readonly line: Uint8Array;
  /** What `line` is, where the envelope of the output has a media type of its own; else `application/json`. */
  readonly contentType?: string;
  /** What the envelope says beside the line, by names without a prefix: headers or properties, where the destination has such. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** The queue, hub or file that a transform has chosen; else the output's own. */
  readonly destination?: string;
  /** Events of one ordering key reach the destination in the order given: the session of the change. */
  readonly orderingKey: string;
  /** The message that the change arrived in, for logs. */
  readonly messageId?: string;
}

/** Brings changes to a destination. One per configured output; `publish` is called by several sessions side by side. */
export interface Publisher extends AsyncDisposable {
  /** Called once before the first publish. Rejects with `fatal` for what a person must fix, `retry` for what passes. */
  connect(o: CallOptions): Promise<void>;
  /** Resolves when all are durable at the destination. Sees repeats and tolerates them. A BatchError names a suffix for each ordering key. */
  publish(events: readonly RoutedEvent[], o: CallOptions): Promise<void>;
  /** True: it has queues, hubs or files to choose from, so that `RoutedEvent.destination` has an effect. */
  readonly hasDestinations?: boolean;
  /**
   * The destination (queue, hub, file) of a change. Absent where all changes go to one, except for those with a `destination` of
   * their own. Pure. Asked only about changes that have one. A failure of one destination says nothing about the others.
   */
  destinationOf?(event: RoutedEvent): string;
  /** True while something hangs that `process.exit` would wait for, such as a write in a thread. Absent: never. */
  isBlocked?(): boolean;
}
