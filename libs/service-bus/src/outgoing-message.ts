import type { ServiceBusMessage } from '@azure/service-bus';
import type { OutgoingMessage, PropertyValue } from '@dstream/core';

export function toServiceBusMessage(message: OutgoingMessage): ServiceBusMessage {
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
export function sizeBound(message: OutgoingMessage): number {
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
