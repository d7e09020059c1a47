import type { EncodedMessage } from './encoded-message.ts';

/** A message as it was sent. One is shared by all subscriptions that hold a copy. */
export interface Payload {
  readonly messageId: string;
  readonly sessionId: string | undefined;
  readonly ttlMs: number | undefined;
  readonly scheduledAtMs: number | undefined;
  /** Size as it was sent. */
  readonly bytes: number;
  readonly encoded: EncodedMessage;
}

/** Application properties that a settlement sets on the message. Values as the AMQP library decoded them. */
export type PropertyChanges = Readonly<Record<string, unknown>>;
