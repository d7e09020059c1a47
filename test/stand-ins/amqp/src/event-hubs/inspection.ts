/** What lies in the hubs, for tests. Looking changes nothing. */
import { decodeMessage } from '../protocol/amqp-codec.ts';
import type { EventHub } from './broker/event-hub.ts';
import type { StoredEvent } from './wire/encode-event.ts';
import { encodeEvent } from './wire/encode-event.ts';

export interface InspectedEvent {
  readonly partition: string;
  readonly sequence: number;
  readonly offset: number;
  readonly enqueuedAtMs: number;
  readonly partitionKey: string | undefined;
  readonly messageId: unknown;
  readonly subject: string | undefined;
  readonly contentType: string | undefined;
  readonly properties: Readonly<Record<string, unknown>>;
  /** Content of the data section, or the value of another kind of body. */
  readonly body: unknown;
}

interface Decoded {
  readonly message_id?: unknown;
  readonly subject?: string;
  readonly content_type?: string;
  readonly application_properties?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
}

/** All that a hub keeps, partition by partition, in order. */
export function inspectHub(hub: EventHub): InspectedEvent[] {
  return hub.partitions.flatMap((log) => log.events.map((event) => inspect(log.id, event)));
}

function inspect(partition: string, event: StoredEvent): InspectedEvent {
  const decoded = decodeMessage(encodeEvent(event)) as Decoded;
  const { sequence, offset, enqueuedAtMs, partitionKey } = event;
  return {
    partition,
    sequence,
    offset,
    enqueuedAtMs,
    partitionKey,
    messageId: decoded.message_id,
    subject: decoded.subject,
    contentType: decoded.content_type,
    properties: decoded.application_properties ?? {},
    body: contentOf(decoded.body),
  };
}

/** rhea wraps data and sequence sections in an object with a `content`. */
function contentOf(body: unknown): unknown {
  const isSection = typeof body === 'object' && body !== null && 'typecode' in body && 'content' in body;
  return isSection ? body.content : body;
}
