/** A message as it came, cut at the places where the broker adds something. Everything is a slice of the bytes sent. */
export interface EncodedMessage {
  readonly header: MessageHeader;
  /** Encoded keys and values of the sender's message annotations, in turn, without those that the broker sets. */
  readonly annotations: readonly Buffer[];
  /** The properties section, with a message id in it. */
  readonly properties: Buffer;
  /** The application properties section, empty when there is none. */
  readonly applicationProperties: Buffer;
  /** Body and footer. */
  readonly body: Buffer;
}

/** What the broker keeps of the sender's header. */
export interface MessageHeader {
  readonly durable: boolean;
  readonly priority: number | undefined;
  readonly ttlMs: number | undefined;
}
