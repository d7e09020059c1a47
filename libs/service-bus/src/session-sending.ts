/** Sends the messages of one session in order, one batch in flight. */
import type { ServiceBusMessage, ServiceBusMessageBatch } from '@azure/service-bus';
import { DStreamError, type OutgoingMessage, type PropertyValue } from '@dstream/core';
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
 * What a batch may hold. The link of an entity with large messages accepts up to 100 MB, and its broker detaches it
 * when a batch, be it of one message, is larger than this (azure-sdk-for-js #20578 and #33278).
 */
const mostBatchBytes = 1_048_576;

/** How far a session is sent. */
interface SendState {
  from: number;
  /** Messages before this index go one by one: a batch that held them was refused. */
  aloneUntil: number;
}

/**
 * Sends all, or stops at the first failure. One session a batch, because the envelope of a batch has the session
 * of its first message (@azure/service-bus 7.9); a batch is accepted or refused as a whole, and only
 * sending its messages one by one shows which message a refusal is for.
 */
export async function sendSession(session: SessionMessages, call: SendCall): Promise<Stopped | undefined> {
  const state: SendState = { from: 0, aloneUntil: 0 };
  try {
    while (state.from < session.messages.length) {
      const sent = await call((link, signal) => sendNext(session, state, link, signal));
      state.from += sent;
    }
    return undefined;
  } catch (error) {
    return { from: state.from, error };
  }
}

/** Sends one message or one batch. Resolves with how many messages that were: none when the batch was refused. */
async function sendNext(
  session: SessionMessages,
  state: SendState,
  link: SenderLink,
  abortSignal: AbortSignal,
): Promise<number> {
  const { messages, mayStart } = session;
  const [first, second] = [messages[state.from], messages[state.from + 1]];
  if (first === undefined) return 0;
  const { sender } = link;
  const maxBytes = (link.maxBytes ??= await largestMessage(sender, { abortSignal }));
  const alone = () => sendAlone(first, mayStart, { sender, maxBytes }, abortSignal);
  const maxSizeInBytes = Math.min(maxBytes, mostBatchBytes);
  if (state.from < state.aloneUntil || second === undefined) return alone();
  if (!bothFit(first, second, maxSizeInBytes)) return alone();
  const batch = await sender.createMessageBatch({ maxSizeInBytes, abortSignal });
  if (!batch.tryAddMessage(toServiceBusMessage(first))) return alone();
  const count = 1 + fill(batch, messages, state.from + 1);
  abortSignal.throwIfAborted();
  mayStart?.();
  try {
    await sender.sendMessages(batch, { abortSignal });
    return count;
  } catch (error) {
    if (count === 1 || !isRefusal(error)) throw error;
    state.aloneUntil = state.from + count;
    return 0;
  }
}

/** `mayStart` is called last: opening the link may have taken long. */
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

/** Bytes of the largest message that the link accepts. Opens the link: only it knows. */
export async function largestMessage(
  sender: SenderPort,
  options: { readonly abortSignal: AbortSignal },
): Promise<number> {
  const { maxSizeInBytes } = await sender.createMessageBatch(options);
  return maxSizeInBytes;
}

/** By the bodies alone, so that two messages that do fit are never sent apart; two that do not cost one encoding. */
function bothFit(a: OutgoingMessage, b: OutgoingMessage, maxBytes: number): boolean {
  return a.bodyBytes + b.bodyBytes < maxBytes;
}

/** Adds messages until one does not fit. One whose body alone is too large is not encoded to find out. */
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

function toServiceBusMessage(message: OutgoingMessage): ServiceBusMessage {
  return {
    messageId: message.messageId,
    sessionId: message.sessionId,
    ...(message.partitionKey !== undefined && { partitionKey: message.partitionKey }),
    subject: message.subject,
    contentType: message.contentType,
    applicationProperties: { ...message.properties },
    // Bytes, not text: the SDK would send a string as JSON of a string.
    body: bytesOf(message.body),
  };
}

function bytesOf(body: string | Uint8Array): Buffer {
  if (typeof body === 'string') return Buffer.from(body, 'utf8');
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
}

/** Frames, type codes and annotations of one message; generous, so that an estimate is never too small. */
const fixedBytes = 512;

/** An upper bound of the encoded size, without encoding: body and properties, three bytes a character at most. */
function sizeBound(message: OutgoingMessage): number {
  const { messageId, sessionId, partitionKey = '', subject, contentType } = message;
  const texts = [messageId, sessionId, partitionKey, subject, contentType];
  let characters = texts.reduce((sum, text) => sum + text.length, 0);
  for (const [name, value] of Object.entries(message.properties)) {
    characters += name.length + 16 + valueLength(value);
  }
  return message.bodyBytes + 3 * characters + fixedBytes;
}

function valueLength(value: PropertyValue): number {
  return typeof value === 'string' ? value.length : 0;
}
