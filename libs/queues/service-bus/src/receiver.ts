/** The part of the SDK's receivers that receiving uses, and the messages that they give. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { IncomingMessage, PropertyValue } from '@dstream/core';

/** How the SDK takes a signal. */
export interface CallSignal {
  readonly abortSignal?: AbortSignal;
}

/** What a receiver calls. */
export interface ReceiveHandlers {
  /** Called for each message. The receiver asks for one more when this resolves. */
  processMessage(message: ServiceBusReceivedMessage): Promise<void>;
  processError(args: { readonly error: unknown }): Promise<void>;
}

/** Reason, description and application properties of a dead letter. */
export type DeadLetter = {
  readonly deadLetterReason: string;
  readonly deadLetterErrorDescription: string;
} & Readonly<Record<string, PropertyValue>>;

/** A receiver, with or without a session; the SDK's own objects fit. */
export interface ReceiverPort {
  readonly isClosed: boolean;
  subscribe(
    handlers: ReceiveHandlers,
    options: { readonly maxConcurrentCalls: number; readonly autoCompleteMessages: false },
  ): { close(): Promise<void> };
  completeMessage(message: ServiceBusReceivedMessage): Promise<void>;
  deadLetterMessage(message: ServiceBusReceivedMessage, options: DeadLetter): Promise<void>;
  peekMessages(
    count: number,
    options?: { readonly fromSequenceNumber?: NonNullable<ServiceBusReceivedMessage['sequenceNumber']> },
  ): Promise<ServiceBusReceivedMessage[]>;
  close(): Promise<void>;
}

/** A receiver of a subscription without sessions. */
export interface PlainReceiverPort extends ReceiverPort {
  renewMessageLock(message: ServiceBusReceivedMessage): Promise<Date>;
}

/** A receiver of one session. */
export interface SessionReceiverPort extends ReceiverPort {
  readonly sessionId: string;
  readonly sessionLockedUntilUtc: Date;
  renewSessionLock(options?: CallSignal): Promise<Date>;
  getSessionState(options?: CallSignal): Promise<unknown>;
  setSessionState(state: unknown, options?: CallSignal): Promise<void>;
}

/** Options of `acceptNextSession` and `createReceiver`: locks are renewed by us, and bodies stay bytes. */
export const receiverOptions = { maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true };

/** A message as the SDK gives it with `skipParsingBodyAsJson`, as core knows it. */
export function toIncomingMessage(message: ServiceBusReceivedMessage): IncomingMessage {
  const { sessionId, subject, contentType } = message;
  return {
    messageId: String(message.messageId ?? ''),
    ...(sessionId !== undefined && { sessionId }),
    ...(subject !== undefined && { subject }),
    ...(contentType !== undefined && { contentType }),
    body: bytesOf(message.body),
    properties: propertiesOf(message.applicationProperties),
    sequenceNumber: message.sequenceNumber?.toString() ?? '',
    enqueuedAtMs: message.enqueuedTimeUtc?.getTime() ?? 0,
  };
}

/** A data section is bytes. Other senders may use an AMQP value: text becomes its bytes, the rest its JSON. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return Buffer.from(text, 'utf8');
}

/** Properties of types that we do not send (dates, null, bytes) become text: they are for people. */
function propertiesOf(
  properties: Readonly<Record<string, unknown>> | undefined,
): IncomingMessage['properties'] {
  if (properties === undefined) return {};
  const names = Object.keys(properties);
  // The usual case, for every message.
  if (names.every((name) => isPlain(properties[name]))) return properties as IncomingMessage['properties'];
  return Object.fromEntries(names.map((name) => [name, plain(properties[name])]));
}

function plain(value: unknown): PropertyValue {
  return isPlain(value) ? value : (JSON.stringify(value) ?? '');
}

function isPlain(value: unknown): value is PropertyValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
