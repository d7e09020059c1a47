/** A message as it came, with the places where the broker adds something. One slice of the bytes sent, to stay small. */
export interface EncodedMessage {
  readonly header: MessageHeader;
  /** Encoded keys and values of the sender's message annotations, in turn, without those that the broker sets. */
  readonly annotations: readonly Buffer[];
  /** Properties (with a message id in it), application properties if any, body and footer. */
  readonly bare: Buffer;
  /** Where in `bare` the application properties begin, and where they end: equal when there are none. */
  readonly applicationStart: number;
  readonly applicationEnd: number;
}

/** What the broker keeps of the sender's header. */
export interface MessageHeader {
  readonly durable: boolean;
  readonly priority: number | undefined;
  readonly ttlMs: number | undefined;
}
