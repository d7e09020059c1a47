/** The part of the SDK's receivers that receiving uses; the SDK's own objects fit. */
import type { ServiceBusReceivedMessage } from '@azure/service-bus';

export interface CallSignal {
  readonly abortSignal?: AbortSignal;
}

export interface ReceiveHandlers {
  /** The receiver asks for one more message when this resolves: it resolves when the message was settled. */
  processMessage(message: ServiceBusReceivedMessage): Promise<void>;
  processError(args: { readonly error: unknown }): Promise<void>;
}

export type DeadLetter = {
  readonly deadLetterReason: string;
  readonly deadLetterErrorDescription: string;
} & Readonly<Record<string, string | number | boolean>>;

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

export interface PlainReceiverPort extends ReceiverPort {
  renewMessageLock(message: ServiceBusReceivedMessage): Promise<Date>;
}

export interface SessionReceiverPort extends ReceiverPort {
  readonly sessionId: string;
  readonly sessionLockedUntilUtc: Date;
  renewSessionLock(options?: CallSignal): Promise<Date>;
  getSessionState(options?: CallSignal): Promise<unknown>;
  setSessionState(state: unknown, options?: CallSignal): Promise<void>;
}

/** Options of `acceptNextSession` and `createReceiver`: we renew ourselves, and bodies stay bytes. */
export const receiverOptions = { maxAutoLockRenewalDurationInMs: 0, skipParsingBodyAsJson: true };
