/** The dead letters of a subscription, as `dstream dead-letters` sees them. */
import type { CallOptions } from './context.ts';
import type { IncomingMessage } from './subscription.ts';
import type { OutgoingMessage } from './topic.ts';

/** A dead-lettered message. Its properties say what of it failed (`failuresOf`). */
export interface DeadLetter {
  readonly message: IncomingMessage;
  /** The word that an operator filters by: `NotDelivered`, or one of the broker's. */
  readonly reason: string | undefined;
  readonly description: string | undefined;
}

/** A dead letter that nobody else can settle while its lock lasts. */
export interface LockedDeadLetter extends DeadLetter {
  /** Removes it from the queue. Rejects with LockLost when the lock has expired: the dead letter is still there then. */
  complete(): Promise<void>;
}

/** Which dead letters are browsed. */
export interface BrowseOptions extends CallOptions {
  /** The first sequence number that is wanted; the oldest when not given. */
  readonly from?: string;
}

/** The dead-letter queue of one subscription, and the way back into its topic. Used by one operator's command at a time. */
export interface DeadLetterQueue extends AsyncDisposable {
  /**
   * Every dead letter, in the order of its sequence numbers. Locks nothing and counts no delivery, so it also shows what
   * somebody else has locked. Reads page by page, no faster than pulled.
   */
  browse(o: BrowseOptions): AsyncIterable<DeadLetter>;
  /**
   * Locks the dead letters with these sequence numbers and hands them out one after the other. To be settled before the
   * next one is pulled; what was not is released when the iteration ends. Ends when all of them came, or when no more can be
   * locked: the rest is gone, or somebody else has it.
   */
  lock(sequenceNumbers: readonly string[], o: CallOptions): AsyncIterable<LockedDeadLetter>;
  /** Resolves when the topic of the subscription has accepted the message. Rejects as `Topic.send` does for one message. */
  send(message: OutgoingMessage, o: CallOptions): Promise<void>;
}
