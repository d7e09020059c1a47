/** Answers to an attach, and the end of a link. */
import { errorOf, type Refusal } from './refusal.ts';
import type { RheaReceiver, RheaSender } from './rhea-internals.ts';

type Link = RheaSender | RheaReceiver;

/**
 * Answers with the source, target and settlement modes that the client has asked for: clients take a link without them
 * for a refused one, or for another than they asked for (AMQP 1.0, part 2.6.3). A handler may change them afterwards.
 */
export function echoAttach(link: Link): void {
  const { attach } = link.local;
  const { source, target } = link.remote.attach;
  attach.source = source?.described();
  attach.target = target?.described();
  if (link.snd_settle_mode !== undefined) attach.snd_settle_mode = link.snd_settle_mode;
  if (link.rcv_settle_mode !== undefined) attach.rcv_settle_mode = link.rcv_settle_mode;
}

/** Refuses an attach: a link without source and target, detached with the error at once (AMQP 1.0, part 2.6.3). */
export function refuseLink(link: Link, refusal: Refusal): undefined {
  link.local.attach.source = undefined;
  link.local.attach.target = undefined;
  link.open();
  link.close(errorOf(refusal));
}

/** Holds the answer to an attach back until `link.open()`: rhea has asked for it before anybody is told of the link. */
export function postponeAttach(link: RheaSender): void {
  link.state.local_open = false;
  link.state.open_requests -= 1;
}
