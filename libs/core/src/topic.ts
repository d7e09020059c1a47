import type { CallOptions } from './context.ts';

/** A value of a message's application property. */
export type PropertyValue = string | number | boolean;

/** A message to be sent. Its parts are named as Service Bus names them. */
export interface OutgoingMessage {
  /** At most 128 characters. */
  readonly messageId: string;
  /** At most 128 characters. Messages of one session arrive in the order they were sent. */
  readonly sessionId: string;
  /** For readers that use it: the session decides the partition, so it equals `sessionId` when present. */
  readonly partitionKey?: string;
  readonly subject: string;
  readonly contentType: string;
  /** Text, or the same text in UTF-8. */
  readonly body: string | Uint8Array;
  /** Length of `body` in UTF-8 bytes. */
  readonly bodyBytes: number;
  readonly properties: Readonly<Record<string, PropertyValue>>;
}

/** The body of a message as text. */
export function bodyText({ body }: Pick<OutgoingMessage, 'body'>): string {
  return typeof body === 'string' ? body : new TextDecoder().decode(body);
}

/** How the ingester sends. */
export interface SendOptions extends CallOptions {
  /**
   * Called right before every request to the broker, also the later ones of a large send. What it throws ends the
   * session's send before that request: nothing starts past a lease.
   */
  readonly mayStart?: () => void;
}

/** Where the ingester sends. */
export interface Topic extends AsyncDisposable {
  /**
   * Resolves when the topic exists and grants access. Called before the first send, and again until it has succeeded.
   * Rejects with `fatal` for what a person must fix, `retry` for a transient failure.
   */
  connect(o: CallOptions): Promise<void>;
  /**
   * Resolves when all are accepted: a broker has stored them, or, where there is none (`queues/direct`), whoever receives
   * them has completed them. A BatchError names, per session, the suffix that was not: code MessageTooLarge
   * when one message exceeds what the broker accepts. A session's next send starts only after its last one was
   * accepted; sends of different sessions run side by side. On abort it rejects with `signal.reason`, and what was
   * under way may still arrive.
   */
  send(messages: readonly OutgoingMessage[], o: SendOptions): Promise<void>;
}
