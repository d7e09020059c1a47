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

/** A sender and what is known of its link. */
export interface SenderLink {
  readonly sender: SenderPort;
  /** Bytes of the largest message; known when the link was opened. */
  maxBytes: number | undefined;
}

/** Runs one call on a working link: adds the time limit, the abort signal and the translation of errors. */
export type SendCall = (work: (link: SenderLink, signal: AbortSignal) => Promise<number>) => Promise<number>;

/** What is to be sent of one session. */
export interface SessionMessages {
  readonly messages: readonly OutgoingMessage[];
  /** See `SendOptions.mayStart`. */
  readonly mayStart?: (() => void) | undefined;
}

/** Why the rest of a session was not sent: `from` is the index, among its own messages, of the first one. */
export interface Stopped {
  readonly from: number;
  readonly error: unknown;
}

/**
 * Sends all, or stops at the first failure. One session a batch, because the envelope of a batch takes the session
 * of its first message (@azure/service-bus 7.9); a batch is accepted or refused as a whole.
 */
export async function sendSession(session: SessionMessages, call: SendCall): Promise<Stopped | undefined> {
  let from = 0;
  try {
    while (from < session.messages.length) {
      const start = from;
      from += await call((link, signal) => sendNext(session, start, link, signal));
    }
    return undefined;
  } catch (error) {
    return { from, error };
  }
}

/**
 * Sends one message or one batch from `from` on, and says how many messages that were. `mayStart` is asked last: the
 * link may have taken its time to open.
 */
async function sendNext(
  { messages, mayStart }: SessionMessages,
  from: number,
  link: SenderLink,
  abortSignal: AbortSignal,
): Promise<number> {
  const [first, second] = [messages[from], messages[from + 1]];
  if (first === undefined) return 0;
  const { sender } = link;
  const options = { abortSignal };
  const maxBytes = (link.maxBytes ??= await largestMessage(sender, options));
  if (sizeBound(first) <= maxBytes && (second === undefined || !bothFit(first, second, maxBytes))) {
    const message = toServiceBusMessage(first);
    mayStart?.();
    await sender.sendMessages(message, options);
    return 1;
  }
  const batch = await sender.createMessageBatch(options);
  if (!batch.tryAddMessage(toServiceBusMessage(first))) throw tooLarge(first, batch);
  const count = 1 + fill(batch, messages, from + 1);
  mayStart?.();
  await sender.sendMessages(batch, options);
  return count;
}

/** Opens the link: it knows. */
export async function largestMessage(
  sender: SenderPort,
  options: { readonly abortSignal: AbortSignal },
): Promise<number> {
  const { maxSizeInBytes } = await sender.createMessageBatch(options);
  return maxSizeInBytes;
}

/** Judged by the bodies alone, so that two messages that do fit are never sent apart; two that don't cost one encoding. */
function bothFit(a: OutgoingMessage, b: OutgoingMessage, maxBytes: number): boolean {
  return a.bodyBytes + b.bodyBytes < maxBytes;
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
