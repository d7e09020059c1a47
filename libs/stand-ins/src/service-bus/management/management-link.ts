/** `ENTITY/$management`: requests and responses over a pair of links, for what AMQP itself has no word for. */
import { decodeMessage, type AmqpMessage } from '../../amqp/amqp-codec.ts';
import type { LinkHandler } from '../../amqp/amqp-routes.ts';
import type { Replies } from '../../amqp/replies.ts';
import type { RheaMessageContext, RheaReceiver } from '../../amqp/rhea-internals.ts';
import { Settler } from '../../amqp/settler.ts';
import { Refusal } from '../../amqp/refusal.ts';
import type { LinkContext } from '../links/link-context.ts';
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
  const settler = new Settler(link.session, 'receiver');
  const entity = new ManagedEntity(address.replace(/\/?\$management$/i, ''), context.namespace);
  context.namespace.existing(entity.address);
  link.on('message', ({ message, delivery }: RheaMessageContext) => {
    settler.accept(delivery);
    const request = decodeMessage(message);
    replies.send(link.connection, request, respond(request, entity, context));
  });
  return { closed: () => undefined };
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

function answer(statusCode: number, statusDescription: string): AmqpMessage {
  return { application_properties: { statusCode, statusDescription }, body: {} };
}
