import type { StoredMessage } from './stored-message.ts';

/** A receiving link as the queue sees it. */
export interface Consumer {
  readonly mode: 'peek-lock' | 'receive-and-delete';
  /** How many messages it can take now: credit that is not spent. */
  capacity(): number;
  /** Hands over one message, locked in peek-lock mode and already removed in receive-and-delete mode. */
  deliver(message: StoredMessage): void;
}

/** Who holds a session. */
export interface SessionHolder {
  /** Name of the link, by which management requests refer to it. */
  readonly name: string;
  /** The lock expired or was taken away: the link is to be detached. */
  sessionLost(): void;
}
