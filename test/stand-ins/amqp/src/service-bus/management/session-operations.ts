import { arrayOfTexts, int } from '../../protocol/amqp-codec.ts';
import type { LinkContext } from '../context/link-context.ts';
import type { ManagedEntity } from './managed-entity.ts';
import type { ManagementRequest } from './request.ts';

type SessionOperation = (
  request: ManagementRequest,
  entity: ManagedEntity,
  context: LinkContext,
) => Readonly<Record<string, unknown>> | undefined;

/** Only the holder of a session may renew it or touch its state; anybody else gets session-lock-lost. */
function heldSession(request: ManagementRequest, entity: ManagedEntity) {
  const id = request.text('session-id');
  const queue = entity.queue(id);
  return { queue, hold: queue.sessions.holdOf(id, request.link) };
}

const renewSessionLock: SessionOperation = (request, entity, { counters }) => {
  const { queue, hold } = heldSession(request, entity);
  counters.renewals += 1;
  return { expiration: new Date(queue.sessions.renew(hold)) };
};

const setSessionState: SessionOperation = (request, entity) => {
  const { hold } = heldSession(request, entity);
  hold.session.state = request.bytes('session-state');
  return {};
};

const getSessionState: SessionOperation = (request, entity) => {
  const { hold } = heldSession(request, entity);
  return { 'session-state': hold.session.state ?? null };
};

const listSessions: SessionOperation = (request, entity) => {
  const skip = request.number('skip');
  const ids = entity
    .queue('')
    .sessions.ids()
    .slice(skip, skip + request.number('top'));
  return ids.length === 0 ? undefined : { skip: int(skip), 'sessions-ids': arrayOfTexts(ids) };
};

export const sessionOperations: Readonly<Record<string, SessionOperation>> = {
  'com.microsoft:renew-session-lock': renewSessionLock,
  'com.microsoft:set-session-state': setSessionState,
  'com.microsoft:get-session-state': getSessionState,
  'com.microsoft:get-message-sessions': listSessions,
};
