/** What is declared about a queue or a subscription. Durations in milliseconds. */
export interface QueueSettings {
  readonly requiresSession: boolean;
  readonly lockDurationMs: number;
  readonly maxDeliveryCount: number;
  /** Infinity for messages that do not expire by themselves. */
  readonly defaultTtlMs: number;
  readonly deadLetterOnExpiration: boolean;
}

/** What is declared about what can be sent to: a queue or a topic. */
export interface SendSettings {
  readonly maxMessageBytes: number;
  /** Undefined when duplicates are not looked for. */
  readonly duplicateWindowMs: number | undefined;
  readonly defaultTtlMs: number;
}

/** The defaults of the service for new entities: one minute, ten deliveries, no expiry (Service Bus quotas; message expiration). */
export const defaultQueueSettings: QueueSettings = {
  requiresSession: false,
  lockDurationMs: 60_000,
  maxDeliveryCount: 10,
  defaultTtlMs: Infinity,
  deadLetterOnExpiration: false,
};

/** Message size of the Standard tier (Service Bus quotas). */
export const defaultSendSettings: SendSettings = {
  maxMessageBytes: 256 * 1024,
  duplicateWindowMs: undefined,
  defaultTtlMs: Infinity,
};
