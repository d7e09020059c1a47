/** `$management`: what a client asks of a hub or of a partition (managementClient.ts of @azure/event-hubs 6). */
import { arrayOfTexts, int, longOf, type AmqpMessage } from '../../protocol/amqp-codec.ts';
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import { Refusal } from '../../protocol/refusal.ts';
import type { Replies } from '../../protocol/replies.ts';
import { serveRequests } from '../../protocol/request-link.ts';
import type { RheaReceiver } from '../../protocol/rhea-internals.ts';
import type { EventHub } from '../broker/event-hub.ts';
import type { PartitionLog } from '../broker/partition-log.ts';
import type { HubLinkContext } from '../context/hub-link-context.ts';
import { notImplemented } from '../broker/refusals.ts';

const hubType = 'com.microsoft:eventhub';
const partitionType = 'com.microsoft:partition';

/** Where a request brings its token. The link itself needs none. */
const securityToken = 'security_token';
const unauthorizedCondition = 'amqp:unauthorized-access';

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
  return serveRequests(link, address, replies, ({ application_properties: properties = {} }) => {
    const isAdmitted = context.gate.isAdmitted(link.connection);
    const fault = isAdmitted ? undefined : context.gate.faultOf(properties[securityToken]);
    return fault === undefined ? respond(properties, context) : refused(401, unauthorizedCondition, fault);
  });
}

type Properties = Readonly<Record<string, unknown>>;

function respond(properties: Properties, context: HubLinkContext): AmqpMessage {
  try {
    const body = answer(properties, context);
    return { application_properties: { 'status-code': int(200), 'status-description': 'OK' }, body };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return refused(statusOf[error.condition] ?? 500, error.condition, error.description);
  }
}

const refused = (status: number, condition: string, description: string): AmqpMessage => ({
  application_properties: {
    'status-code': int(status),
    'status-description': description,
    'error-condition': condition,
  },
});

function answer(asked: Properties, { hubs }: HubLinkContext): object {
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
    partition_count: int(hub.partitions.length),
    partition_ids: arrayOfTexts(hub.partitions.map(({ id }) => id)),
    georeplication_factor: int(1),
  };
}

function describePartition(hub: EventHub, log: PartitionLog): object {
  log.expire();
  const { sequence, offset, atMs } = log.last;
  return {
    type: partitionType,
    name: hub.name,
    partition: log.id,
    begin_sequence_number: longOf(log.first),
    last_enqueued_sequence_number: longOf(sequence),
    last_enqueued_offset: String(offset),
    last_enqueued_time_utc: new Date(atMs),
    is_partition_empty: log.size === 0,
  };
}
