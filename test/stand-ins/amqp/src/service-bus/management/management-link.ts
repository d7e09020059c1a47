/** `ENTITY/$management`: requests and responses over a pair of links, for what AMQP itself has no word for. */
import { int, type AmqpMessage } from '../../protocol/amqp-codec.ts';
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import type { Replies } from '../../protocol/replies.ts';
import { serveRequests } from '../../protocol/request-link.ts';
import type { RheaReceiver } from '../../protocol/rhea-internals.ts';
import { Refusal } from '../../protocol/refusal.ts';
import type { LinkContext } from '../context/link-context.ts';
import { ManagedEntity } from './managed-entity.ts';
import { operations } from './operations.ts';
import { readRequest } from './request.ts';
import { statusOf } from './status.ts';

export function serveManagement(
  link: RheaReceiver,
  address: string,
  replies: Replies,
  context: LinkContext,
): LinkHandler {
  const entity = new ManagedEntity(address.replace(/\/?\$management$/i, ''), context.namespace);
  context.namespace.existing(entity.address);
  return serveRequests(link, address, replies, (request) => respond(request, entity, context));
}

function respond(message: AmqpMessage, entity: ManagedEntity, context: LinkContext): AmqpMessage {
  try {
    const request = readRequest(message);
    const operation = operations[request.operation];
    if (operation === undefined) {
      throw new Refusal(
        'amqp:not-implemented',
        `The stand-in does not know the operation '${request.operation}'.`,
      );
    }
    const body = operation(request, entity, context);
    return body === undefined ? answer(204, 'No Content') : { ...answer(200, 'OK'), body };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const status = answer(statusOf(error.condition), error.description);
    return {
      application_properties: { ...status.application_properties, errorCondition: error.condition },
      body: {},
    };
  }
}

function answer(status: number, statusDescription: string): AmqpMessage {
  return { application_properties: { statusCode: int(status), statusDescription }, body: {} };
}
