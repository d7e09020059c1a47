import type { ServiceBusReceivedMessage } from '@azure/service-bus';
import type { IncomingMessage, PropertyValue } from '@dstream/core';

/** Takes a message as the SDK gives it with `skipParsingBodyAsJson`. */
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

/** A data section is bytes. Others may send an AMQP value: text is its bytes, the rest its JSON. */
function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body;
  const text = typeof body === 'string' ? body : (JSON.stringify(body) ?? '');
  return Buffer.from(text, 'utf8');
}

/** Properties of other types than ours (dates, null, bytes) become text: they are for people. */
function propertiesOf(
  properties: Readonly<Record<string, unknown>> | undefined,
): IncomingMessage['properties'] {
  const entries = Object.entries(properties ?? {});
  return Object.fromEntries(entries.map(([name, value]) => [name, plain(value)]));
}

function plain(value: unknown): PropertyValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(value) ?? '';
}
