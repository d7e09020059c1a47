import type { EventDataBatch } from '@azure/event-hubs';
import { tableName } from '@dstream/core';
import { changeProperties } from '../destinations/change-properties.ts';
import type { Entry } from '../destinations/destination.ts';

/** A change on its way to a partition. */
export interface HubEvent {
  readonly entry: Entry;
  readonly partitionKey: string;
}

/** As the SDK takes it: an AMQP message, because its plain events have no subject. */
export function toEventData({ entry, partitionKey }: HubEvent): Parameters<EventDataBatch['tryAdd']>[0] {
  const { metadata } = entry.routed.event;
  return {
    bodyType: 'data',
    body: Buffer.from(entry.routed.line, 'utf8'),
    properties: { messageId: metadata.id, subject: tableName(metadata), contentType: 'application/json' },
    applicationProperties: {
      ...changeProperties(metadata, metadata, 1),
      operation: metadata.operation,
      partitionKey,
    },
  };
}
