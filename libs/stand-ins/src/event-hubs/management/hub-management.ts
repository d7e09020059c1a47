/** `$management`: what a client asks of a hub or of a partition (managementClient.ts of @azure/event-hubs 6). */
import { decodeMessage, type AmqpMessage } from '../../amqp/amqp-codec.ts';
import type { LinkHandler } from '../../amqp/amqp-routes.ts';
import { Refusal } from '../../amqp/refusal.ts';
import type { Replies } from '../../amqp/replies.ts';
import type { RheaMessageContext, RheaReceiver } from '../../amqp/rhea-internals.ts';
import { Settler } from '../../amqp/settler.ts';
import type { EventHub } from '../broker/event-hub.ts';
import type { PartitionLog } from '../broker/partition-log.ts';
import type { HubLinkContext } from '../links/hub-link-context.ts';
import { notImplemented } from '../refusals.ts';

const hubType = 'com.microsoft:eventhub';
const partitionType = 'com.microsoft:partition';

/** Status codes by condition (ConditionStatusMapper of @azure/core-amqp). */
const statusOf: Readonly<Record<string, number>> = {
  'amqp:not-found': 404,
  'amqp:not-implemented': 501,
  'com.microsoft:argument-out-of-range': 400,
  'com.microsoft:argument-error': 400,
};

export function serveHubManagement(
  link: RheaReceiver,
  address: string,
  replies: Replies,
  context: HubLinkContext,
): LinkHandler {
  const settler = new Settler(link.session, 'receiver');
  link.set_target({ address });
  link.on('message', ({ message, delivery }: RheaMessageContext) => {
    settler.accept(delivery);
    const request = decodeMessage(message);
    replies.send(link.connection, request, respond(request, context));
  });
  return { closed: () => undefined };
}

function respond({ application_properties: properties = {} }: AmqpMessage, context: HubLinkContext) {
  try {
    const body = answer(properties, context);
    return { application_properties: { 'status-code': 200, 'status-description': 'OK' }, body };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { condition, description } = error;
    const status = { 'status-code': statusOf[condition] ?? 500, 'status-description': description };
    return { application_properties: { ...status, 'error-condition': condition } };
  }
}

function answer(asked: Readonly<Record<string, unknown>>, { hubs }: HubLinkContext): object {
  const text = (name: string): string => {
    const value = asked[name];
    return typeof value === 'string' ? value : '';
  };
  if (text('operation') !== 'READ') throw notImplemented(`the operation '${text('operation')}'`);
  const type = text('type');
  if (type !== hubType && type !== partitionType) throw notImplemented(`the type '${type}'`);
  const hub = hubs.hub(text('name'));
  return type === hubType ? describeHub(hub) : describePartition(hub, hub.partition(text('partition')));
}

function describeHub(hub: EventHub): object {
  return {
    type: hubType,
    name: hub.name,
    created_at: new Date(hub.createdAtMs),
    partition_count: hub.partitions.length,
    partition_ids: hub.partitions.map(({ id }) => id),
    georeplication_factor: 1,
  };
}

function describePartition(hub: EventHub, log: PartitionLog): object {
  log.expire();
  const { sequence, offset, atMs } = log.last;
  return {
    type: partitionType,
    name: hub.name,
    partition: log.id,
    begin_sequence_number: log.first,
    last_enqueued_sequence_number: sequence,
    last_enqueued_offset: String(offset),
    last_enqueued_time_utc: new Date(atMs),
    is_partition_empty: log.size === 0,
  };
}
