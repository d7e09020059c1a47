/** Other answers to an attach than the one rhea gives by itself. */
import type { AmqpError, RheaReceiver, RheaSender } from './rhea-internals.ts';

/** Refuses an attach: a link without a terminus, detached with the error at once (AMQP 1.0, part 2.6.3). */
export function refuseLink(link: RheaSender | RheaReceiver, error: AmqpError): undefined {
  link.open();
  link.close({ condition: error.condition, description: error.description });
}

/** Holds the answer to an attach back until `link.open()`: rhea has asked for it before anybody is told of the link. */
export function postponeAttach(link: RheaSender): void {
  link.state.local_open = false;
  link.state.open_requests -= 1;
}
