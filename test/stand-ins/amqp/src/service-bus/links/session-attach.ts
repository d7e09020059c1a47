/** Attaching to a session: by its id, or to the next one that is free, for which the answer may have to wait. */
import { describedLike, filterValue, longOfBytes } from '../../protocol/amqp-codec.ts';
import type { LinkHandler } from '../../protocol/amqp-routes.ts';
import { postponeAttach, refuseLink } from '../../protocol/attach.ts';
import type { RheaSender } from '../../protocol/rhea-internals.ts';
import type { SessionHolder } from '../broker/consumer.ts';
import type { MessageQueue } from '../broker/message-queue.ts';
import { errorOf, sessionLockLost, type Refusal } from '../../protocol/refusal.ts';
import type { SessionHold } from '../broker/session.ts';
import { ticksOf } from '../wire/ticks.ts';
import type { LinkContext } from '../context/link-context.ts';
import { ReceiverLink } from './receiver-link.ts';

export const sessionFilter = 'com.microsoft:session-filter';
const lockedUntil = 'com.microsoft:locked-until-utc';
const timeout = 'com.microsoft:timeout';

/** How long the service waits for a session when the client does not say (Service Bus: 60 s by default). */
const defaultWaitMs = 60_000;

/** Does the client ask for a session? A null filter asks for the next one. */
export function wantsSession(link: RheaSender): boolean {
  return Object.hasOwn(link.source?.filter ?? {}, sessionFilter);
}

/** Throws a Refusal when that session is taken. */
export function attachSession(link: RheaSender, queue: MessageQueue, context: LinkContext): LinkHandler {
  const id = filterValue(link.source?.filter?.[sessionFilter]);
  if (typeof id !== 'string') return new NextSessionLink(link, queue, context);
  const hold = queue.acceptSession(id, holderOf(link, id));
  return answer(link, queue, hold, context);
}

function holderOf(link: RheaSender, id: string): SessionHolder {
  return {
    name: link.name,
    sessionLost: () => {
      detachWith(link, sessionLockLost(id));
    },
  };
}

function answer(
  link: RheaSender,
  queue: MessageQueue,
  hold: SessionHold,
  context: LinkContext,
): ReceiverLink {
  const asked = link.source?.filter?.[sessionFilter];
  const filter = { [sessionFilter]: describedLike(asked, hold.session.id) };
  link.set_source({ address: link.source?.address ?? queue.path, filter });
  link.local.attach.properties = { [lockedUntil]: longOfBytes(ticksOf(hold.untilMs)) };
  context.counters.sessionsAccepted += 1;
  return new ReceiverLink(link, queue, hold, context);
}

function detachWith(link: RheaSender, refusal: Refusal): void {
  link.close(errorOf(refusal));
}

/** Waits for a session, then is the link of that session. */
class NextSessionLink implements LinkHandler {
  readonly #link: RheaSender;
  readonly #queue: MessageQueue;
  readonly #context: LinkContext;
  readonly #withdraw: () => void;
  #session = '';
  #receiver: ReceiverLink | undefined;

  constructor(link: RheaSender, queue: MessageQueue, context: LinkContext) {
    this.#link = link;
    this.#queue = queue;
    this.#context = context;
    postponeAttach(link);
    const waiter = {
      holder: { name: link.name, sessionLost: () => detachWith(link, sessionLockLost(this.#session)) },
      accepted: (hold: SessionHold) => this.#accepted(hold),
      refused: (refusal: Refusal) => refuseLink(link, refusal),
    };
    this.#withdraw = queue.acceptNextSession(waiter, waitMs(link));
  }

  closed(): void {
    this.#withdraw();
    this.#receiver?.closed();
  }

  #accepted(hold: SessionHold): void {
    this.#session = hold.session.id;
    this.#receiver = answer(this.#link, this.#queue, hold, this.#context);
    this.#link.open();
  }
}

/** The client says in milliseconds how long it will wait; the service answers a little before. */
function waitMs(link: RheaSender): number {
  const wanted = Number(link.properties?.[timeout] ?? defaultWaitMs);
  return Number.isFinite(wanted) && wanted >= 0 ? wanted : defaultWaitMs;
}
