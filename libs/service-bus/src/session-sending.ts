/** Sends the messages of one session in order, one batch in flight. */
import type { ServiceBusMessage, ServiceBusMessageBatch } from '@azure/service-bus';
import { DStreamError, type OutgoingMessage } from '@dstream/core';
import { sizeBound, toServiceBusMessage } from './outgoing-message.ts';
import { isRefusal } from './translate-error.ts';

/** The part of the SDK's sender that sending uses. */
export interface SenderPort {
  createMessageBatch(options?: {
    maxSizeInBytes?: number;
    abortSignal?: AbortSignal;
  }): Promise<ServiceBusMessageBatch>;
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
 * What a batch may hold. The link of an entity with large messages takes up to 100 MB, and its broker detaches it
 * when a batch, be it of one message, is larger than this (azure-sdk-for-js #20578 and #33278).
 */
const mostBatchBytes = 1_048_576;

/** How far the sending of a session has come. */
interface Course {
  from: number;
  /** Messages before this index go one by one: a batch that held them was refused. */
  aloneUntil: number;
}

/**
 * Sends all, or stops at the first failure. One session a batch, because the envelope of a batch takes the session
 * of its first message (@azure/service-bus 7.9); a batch is accepted or refused as a whole, and which message a
 * refusal is for only sending them one by one tells.
 */
export async function sendSession(session: SessionMessages, call: SendCall): Promise<Stopped | undefined> {
  const course: Course = { from: 0, aloneUntil: 0 };
  try {
    while (course.from < session.messages.length) {
      const sent = await call((link, signal) => sendNext(session, course, link, signal));
      course.from += sent;
    }
    return undefined;
  } catch (error) {
    return { from: course.from, error };
  }
}

/** Sends one message or one batch, and says how many messages that were: none when the batch was refused. */
async function sendNext(
  session: SessionMessages,
  course: Course,
  link: SenderLink,
  abortSignal: AbortSignal,
): Promise<number> {
  const { messages, mayStart } = session;
  const [first, second] = [messages[course.from], messages[course.from + 1]];
  if (first === undefined) return 0;
  const { sender } = link;
  const maxBytes = (link.maxBytes ??= await largestMessage(sender, { abortSignal }));
  const alone = () => sendAlone(first, mayStart, { sender, maxBytes }, abortSignal);
  const maxSizeInBytes = Math.min(maxBytes, mostBatchBytes);
  if (course.from < course.aloneUntil || second === undefined) return alone();
  if (!bothFit(first, second, maxSizeInBytes)) return alone();
  const batch = await sender.createMessageBatch({ maxSizeInBytes, abortSignal });
  if (!batch.tryAddMessage(toServiceBusMessage(first))) return alone();
  const count = 1 + fill(batch, messages, course.from + 1);
  abortSignal.throwIfAborted();
  mayStart?.();
  try {
    await sender.sendMessages(batch, { abortSignal });
    return count;
  } catch (error) {
    if (count === 1 || !isRefusal(error)) throw error;
    course.aloneUntil = course.from + count;
    return 0;
  }
}

/** `mayStart` is asked last: the link may have taken its time to open. */
async function sendAlone(
  message: OutgoingMessage,
  mayStart: (() => void) | undefined,
  { sender, maxBytes }: { readonly sender: SenderPort; readonly maxBytes: number },
  abortSignal: AbortSignal,
): Promise<number> {
  const encoded = toServiceBusMessage(message);
  if (sizeBound(message) > maxBytes) {
    const batch = await sender.createMessageBatch({ abortSignal });
    if (!batch.tryAddMessage(encoded)) throw tooLarge(message, batch);
  }
  abortSignal.throwIfAborted();
  mayStart?.();
  await sender.sendMessages(encoded, { abortSignal });
  return 1;
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
