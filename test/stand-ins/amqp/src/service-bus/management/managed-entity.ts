import type { MessageQueue } from '../broker/message-queue.ts';
import type { Namespace } from '../broker/namespace.ts';
import { QueueEntity, type SendTarget } from '../broker/send-target.ts';

/** The entity that a management link speaks to. What is asked of it decides whether it is sent to or received from. */
export class ManagedEntity {
  readonly address: string;
  readonly #namespace: Namespace;

  constructor(address: string, namespace: Namespace) {
    this.address = address;
    this.#namespace = namespace;
  }

  get target(): SendTarget {
    return this.#namespace.sendTarget(this.address);
  }

  queue(session: string | undefined): MessageQueue {
    return this.#namespace.receiveSource(this.address, session !== undefined);
  }

  /** Scheduled messages show in a peek of a queue; those of a topic are in no subscription yet. */
  scheduledOf(queue: MessageQueue): SendTarget['schedule'] | undefined {
    const entity = this.#namespace.existing(this.address);
    return entity instanceof QueueEntity && entity.queue === queue ? entity.schedule : undefined;
  }
}
