import { arrayOfLongs, arrayOfTimestamps, encodeValue, uuid } from '../../protocol/amqp-codec.ts';
import { Refusal } from '../../protocol/refusal.ts';
import type { Settlement } from '../broker/settlement.ts';
import type { StoredMessage } from '../broker/stored-message.ts';
import { countSettlement } from '../context/counters.ts';
import type { LinkContext } from '../context/link-context.ts';
import { encodeDelivery, encodeManagedDelivery } from '../wire/encode-delivery.ts';
import { parseMessage } from '../wire/parse-message.ts';
import type { ManagedEntity } from './managed-entity.ts';
import type { ManagementRequest } from './request.ts';
import { sessionOperations } from './session-operations.ts';

/** Answers with the response's body, or undefined for 204 No Content. Throws a Refusal. */
export type Operation = (
  request: ManagementRequest,
  entity: ManagedEntity,
  context: LinkContext,
) => Readonly<Record<string, unknown>> | undefined;

const renewLock: Operation = (request, entity, { counters }) => {
  const queue = entity.queue(undefined);
  const expirations = request.bytesList('lock-tokens').map((token) => queue.renew(token.toString('hex')));
  counters.renewals += expirations.length;
  return { expirations: arrayOfTimestamps(expirations) };
};

const peek: Operation = (request, entity) => {
  const session = request.optionalText('session-id');
  const [from, count] = [request.number('from-sequence-number'), request.number('message-count')];
  const queue = entity.queue(session);
  const scheduled = entity.scheduledOf(queue)?.from(from, session) ?? [];
  const messages = [...queue.peek(from, count, session), ...scheduled];
  messages.sort((a, b) => a.sequence - b.sequence);
  if (messages.length === 0) return undefined;
  return { messages: messages.slice(0, count).map((m) => ({ message: encodeDelivery(m, encodeValue) })) };
};

const receiveBySequenceNumber: Operation = (request, entity, { counters }) => {
  const session = request.optionalText('session-id');
  const mode = request.number('receiver-settle-mode') === 0 ? 'receive-and-delete' : 'peek-lock';
  const messages = entity.queue(session).receiveDeferred(request.numbers('sequence-numbers'), mode, session);
  counters.deliveriesOut += messages.length;
  return { messages: messages.map(lockedMessage) };
};

function lockedMessage(message: StoredMessage): Readonly<Record<string, unknown>> {
  const encoded = encodeManagedDelivery(message, encodeValue);
  if (message.lock === undefined) return { message: encoded };
  return { message: encoded, 'lock-token': uuid(Buffer.from(message.lock.token, 'hex')) };
}

const updateDisposition: Operation = (request, entity, { counters }) => {
  const settlement = settlementOf(request);
  const queue = entity.queue(request.optionalText('session-id'));
  for (const token of request.bytesList('lock-tokens')) {
    queue.settle(token.toString('hex'), settlement);
    countSettlement(counters, settlement.kind);
  }
  return {};
};

/** The words of the protocol, with its spelling (seen in @azure/service-bus 7.9.5). */
function settlementOf(request: ManagementRequest): Settlement {
  const changes = request.record('properties-to-modify');
  const status = request.text('disposition-status');
  switch (status) {
    case 'completed':
      return { kind: 'complete' };
    case 'abandoned':
      return { kind: 'abandon', changes };
    case 'defered':
      return { kind: 'defer', changes };
    case 'suspended':
      return {
        kind: 'dead-letter',
        reason: request.optionalText('deadletter-reason'),
        description: request.optionalText('deadletter-description'),
        changes,
      };
    default:
      throw new Refusal('com.microsoft:argument-error', `'${status}' is not a disposition.`);
  }
}

const schedule: Operation = (request, entity, { newMessageId, counters }) => {
  const payloads = request.records('messages').map(({ message }) => {
    if (!Buffer.isBuffer(message)) throw new Refusal('com.microsoft:argument-error', 'A message is missing.');
    return parseMessage(message, newMessageId);
  });
  const sequences = entity.target.sendLater(payloads);
  counters.messagesIn += payloads.length;
  return { 'sequence-numbers': arrayOfLongs(sequences) };
};

const cancelScheduled: Operation = (request, entity) => {
  entity.target.schedule.cancel(request.numbers('sequence-numbers'));
  return {};
};

/** By the name in the request's `operation` property. */
export const operations: Readonly<Record<string, Operation>> = {
  'com.microsoft:renew-lock': renewLock,
  'com.microsoft:peek-message': peek,
  'com.microsoft:receive-by-sequence-number': receiveBySequenceNumber,
  'com.microsoft:update-disposition': updateDisposition,
  'com.microsoft:schedule-message': schedule,
  'com.microsoft:cancel-scheduled-message': cancelScheduled,
  ...sessionOperations,
};
