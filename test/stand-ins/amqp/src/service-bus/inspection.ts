/** What lies in the broker, for tests and for the faults address. Looking changes nothing. */
import { decodeMessage, encodeValue } from '../protocol/amqp-codec.ts';
import type { MessageQueue } from './broker/message-queue.ts';
import type { Namespace } from './broker/namespace.ts';
import { QueueEntity } from './broker/send-target.ts';
import type { StoredMessage } from './broker/stored-message.ts';
import type { MessageState } from './wire/encode-delivery.ts';
import { encodeDelivery } from './wire/encode-delivery.ts';

export interface InspectedMessage {
  readonly sequence: number;
  readonly messageId: string;
  readonly sessionId: string | undefined;
  readonly state: MessageState;
  readonly locked: boolean;
  readonly deliveryCount: number;
  readonly enqueuedAtMs: number;
  readonly deadLetterSource: string | undefined;
  readonly subject: string | undefined;
  readonly contentType: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Content of the data sections, or the value of another kind of body. */
  readonly body: unknown;
}

export interface InspectedQueue {
  readonly path: string;
  readonly messages: number;
  readonly deadLetters: number;
  readonly locked: number;
  readonly sessions: number;
  readonly sessionsLocked: number;
}

export interface InspectedEntity {
  readonly name: string;
  readonly kind: 'queue' | 'topic';
  readonly scheduled: number;
  /** The queue itself, or the topic's subscriptions. */
  readonly queues: readonly InspectedQueue[];
}

export function inspectMessages(queue: MessageQueue): InspectedMessage[] {
  return queue.peek(0, Infinity).map(inspect);
}

export function inspectEntities(namespace: Namespace): InspectedEntity[] {
  return namespace.entities.map((entity) => ({
    name: entity.name,
    kind: entity instanceof QueueEntity ? 'queue' : 'topic',
    scheduled: entity.schedule.size,
    queues: (entity instanceof QueueEntity ? [entity.queue] : [...entity.subscriptions.values()]).map(
      inspectQueue,
    ),
  }));
}

function inspectQueue(queue: MessageQueue): InspectedQueue {
  return {
    path: queue.path,
    messages: queue.size,
    deadLetters: queue.deadLetters?.size ?? 0,
    locked: queue.locks.size,
    sessions: queue.sessions.size,
    sessionsLocked: queue.sessions.held,
  };
}

interface Decoded {
  readonly subject?: string;
  readonly content_type?: string;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

function inspect(message: StoredMessage): InspectedMessage {
  const decoded = decodeMessage(encodeDelivery(message, encodeValue)) as Decoded;
  return {
    sequence: message.sequence,
    messageId: message.payload.messageId,
    sessionId: message.payload.sessionId,
    state: message.state,
    locked: message.lock !== undefined,
    deliveryCount: message.deliveryCount,
    enqueuedAtMs: message.enqueuedAtMs,
    deadLetterSource: message.deadLetterSource,
    subject: decoded.subject,
    contentType: decoded.content_type,
    properties: decoded.application_properties ?? {},
    body: contentOf(decoded.body),
  };
}

/** rhea wraps data and sequence sections in an object with a `content`. */
function contentOf(body: unknown): unknown {
  const section = typeof body === 'object' && body !== null && 'typecode' in body && 'content' in body;
  return section ? body.content : body;
}
