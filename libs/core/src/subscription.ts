import type { CallOptions } from './context.ts';
import type { Progress } from './position.ts';
import type { PropertyValue } from './topic.ts';

/** A message as it arrived. */
export interface IncomingMessage {
  readonly messageId: string;
  readonly sessionId?: string;
  readonly subject?: string;
  readonly contentType?: string;
  /** The raw body, never parsed by the client library: it would damage numbers beyond 2^53. */
  readonly body: Uint8Array;
  readonly properties: Readonly<Record<string, PropertyValue>>;
  readonly sequenceNumber: string;
  /** When the broker accepted it, ms since 1970 by the broker's clock. */
  readonly enqueuedAtMs: number;
}

/** Application properties of a dead letter: what of the message failed (docs/guarantees.md, rule 8). */
export type DeadLetterProperties = Readonly<Record<string, PropertyValue>>;

/** The session a message came by, while this process holds it. The same object for every delivery of one hold. */
export interface SessionLock {
  readonly id: string;
  /** Aborts when the session is no longer ours: its deliveries cannot be settled any more. */
  readonly lost: AbortSignal;
  /**
   * To be called right before something starts that only the holder may do. Throws LockLost when our own clock can
   * no longer prove the hold, also when no timer could fire in time.
   */
  assertHeld(): void;
  /** The progress in the session's state. Undefined when there is none, or none that can be understood. */
  load(): Promise<Progress | undefined>;
  save(progress: Progress): Promise<void>;
  /**
   * The session waits for its destination, until `resume`: its slot is free for another session, its message does not count
   * against `maxBytes`, and it gets no other. False when it has more than one message, or has asked for more: then the consumer
   * closes it. Absent: a session that waits keeps its slot.
   */
  wait?(): boolean;
  /** It waits no more. There may be more sessions than `maxSessions` and more bytes than `maxBytes` then, for a while. */
  resume?(): void;
  /** Releases the session. What was not settled is handed out again, and no delivery count is spent. Idempotent. */
  close(): Promise<void>;
}

/** One message under a lock that the adapter keeps renewed until it is settled or the session closed. */
export interface Delivery {
  readonly message: IncomingMessage;
  /** How often the message was handed out before. */
  readonly deliveryCount: number;
  /** Aborts when the lock is lost: settling would throw LockLost. */
  readonly lockLost: AbortSignal;
  readonly session?: SessionLock;
  /** The message was processed. Throws LockLost (`lost`) when the lock is gone, or a `retry`. */
  complete(): Promise<void>;
  /**
   * Moves it to the dead-letter queue, with a reason (at most 4,096 characters each). Where there is none it goes back to
   * its sender with that reason, and this rejects with LockLost: it is not settled.
   */
  deadLetter(reason: string, description: string, properties: DeadLetterProperties): Promise<void>;
}

/** How much may be handed out and unsettled at a time. */
export interface ReceiveLimits {
  /** Messages of one session, or of all where there are none, that are handed out and not settled. */
  readonly maxInFlight: number;
  /**
   * What all messages that were received and are not settled take in memory (`messageMemory`), about: a size is known only
   * when a message is there. Sessions share it fairly; a message that is larger than all of it comes alone.
   */
  readonly maxBytes: number;
}

/** How the processor receives. */
export interface ReceiveOptions extends CallOptions, ReceiveLimits {
  /** Called once, when the subscription exists and grants access, whether or not a message waits. */
  readonly reached?: () => void;
  /**
   * Asked when a session was accepted. True: its destination may not be available, so it is given one message, and the next ones
   * only after that one was settled. Such a session can `wait`.
   */
  readonly oneAtFirst?: (sessionId: string) => boolean;
}

/** Where the processor receives: peek-lock. */
export interface Subscription extends AsyncDisposable {
  /**
   * Deliveries of all sessions this process holds, interleaved. Within a session messages are handed out in order,
   * up to `maxInFlight` unsettled at a time and within `maxBytes`, and the consumer settles them in order. The adapter accepts sessions as
   * they have messages, up to its configured number; a session is held until the consumer closes it or it is lost.
   * Recovers by itself from what passes. Ends by abort (rejects with `signal.reason`) or by throwing a fatal error;
   * sessions still held then stay settleable until closed or the subscription is disposed.
   */
  receive(o: ReceiveOptions): AsyncIterable<Delivery>;
}

/**
 * Bytes that a message takes in memory from when it is received until it is settled: its body, its lines, the changes
 * that are parsed from them, and what an output makes of them. Measured as the resident memory of a processor whose
 * output is blocked, with changes of 1 KB that hold characters beyond Latin-1, which Node keeps as two bytes each: seven
 * times the bodies. The constant is what the client library keeps for a message.
 */
export function messageMemory(bodyBytes: number): number {
  return 7 * bodyBytes + 4_096;
}
