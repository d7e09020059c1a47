/** An event as it came, cut where the service adds something. Slices of the bytes that were sent: nothing is copied. */
export interface EncodedEvent {
  /** The header section, empty without one. */
  readonly header: Buffer;
  /** Encoded keys and values of the sender's message annotations, in turn, without those that the service sets. */
  readonly annotations: readonly Buffer[];
  /** Properties, application properties, body and footer. */
  readonly bare: Buffer;
  /** Size as it was sent. */
  readonly bytes: number;
}

/** The service's own annotations (Constants of @azure/core-amqp). */
export const annotation = {
  partitionKey: 'x-opt-partition-key',
  sequenceNumber: 'x-opt-sequence-number',
  offset: 'x-opt-offset',
  enqueuedTime: 'x-opt-enqueued-time',
} as const;
