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
  if (properties === undefined) return {};
  const names = Object.keys(properties);
  // As a rule there is nothing to do, and this is done for every message.
  if (names.every((name) => isPlain(properties[name]))) return properties as IncomingMessage['properties'];
  return Object.fromEntries(names.map((name) => [name, plain(properties[name])]));
}

function plain(value: unknown): PropertyValue {
  return isPlain(value) ? value : (JSON.stringify(value) ?? '');
}

function isPlain(value: unknown): value is PropertyValue {
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
}
