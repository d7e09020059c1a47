/** Sends the messages of one session in order, one batch in flight. */
import type { ServiceBusMessage, ServiceBusMessageBatch } from '@azure/service-bus';
import { DStreamError, type OutgoingMessage } from '@dstream/core';
import { sizeBound, toServiceBusMessage } from './outgoing-message.ts';

/** The part of the SDK's sender that sending uses. */
export interface SenderPort {
  createMessageBatch(options?: { abortSignal?: AbortSignal }): Promise<ServiceBusMessageBatch>;
  sendMessages(
    messages: ServiceBusMessage | ServiceBusMessageBatch,
    options?: { abortSignal?: AbortSignal },
  ): Promise<void>;
}

/** Runs one call on a working sender: adds the time limit, the abort signal and the translation of errors. */
export type SendCall = (
  work: (sender: SenderPort, signal: AbortSignal) => Promise<number>,
) => Promise<number>;

/** Why the rest of a session was not sent: `from` is the index, among its own messages, of the first one. */
export interface Stopped {
  readonly from: number;
  readonly error: unknown;
}

/**
 * Sends all, or stops at the first failure. One session a batch, because the envelope of a batch takes the session
 * of its first message (@azure/service-bus 7.9); a batch is accepted or refused as a whole.
 */
export async function sendSession(
  messages: readonly OutgoingMessage[],
  call: SendCall,
): Promise<Stopped | undefined> {
  let from = 0;
  try {
    while (from < messages.length) {
      const start = from;
      from += await call((sender, signal) => sendNext(messages, start, sender, signal));
    }
    return undefined;
  } catch (error) {
    return { from, error };
  }
}

/** Sends one message or one batch from `from` on, and says how many messages that were. */
async function sendNext(
  messages: readonly OutgoingMessage[],
  from: number,
  sender: SenderPort,
  abortSignal: AbortSignal,
): Promise<number> {
  const options = { abortSignal };
  // Creating a batch opens the link, which knows the largest message; on an open link it costs nothing.
  const batch = await sender.createMessageBatch(options);
  const [first, second] = [messages[from], messages[from + 1]];
  if (first === undefined) return 0;
  const firstBytes = sizeBound(first);
  if (firstBytes <= batch.maxSizeInBytes && (second === undefined || !bothFit(first, second, batch))) {
    await sender.sendMessages(toServiceBusMessage(first), options);
    return 1;
  }
  if (!batch.tryAddMessage(toServiceBusMessage(first))) throw tooLarge(first, batch);
  const count = 1 + fill(batch, messages, from + 1);
  await sender.sendMessages(batch, options);
  return count;
}

/** Judged by the bodies alone, so that two messages that do fit are never sent apart; two that don't cost one encoding. */
function bothFit(a: OutgoingMessage, b: OutgoingMessage, batch: ServiceBusMessageBatch): boolean {
  return a.bodyBytes + b.bodyBytes < batch.maxSizeInBytes;
}

/** Adds messages until one does not fit. A message that surely does not is not encoded only to find out. */
function fill(batch: ServiceBusMessageBatch, messages: readonly OutgoingMessage[], from: number): number {
  let count = 0;
  for (;;) {
    const next = messages[from + count];
    if (next === undefined || batch.sizeInBytes + next.bodyBytes >= batch.maxSizeInBytes) return count;
    if (!batch.tryAddMessage(toServiceBusMessage(next))) return count;
    count += 1;
  }
}

function tooLarge(message: OutgoingMessage, batch: ServiceBusMessageBatch): DStreamError {
  const sizes = `${message.bodyBytes} bytes without its properties, the limit is ${batch.maxSizeInBytes} with them`;
  return new DStreamError('MessageTooLarge', `message ${message.messageId} is too large: ${sizes}`);
}
