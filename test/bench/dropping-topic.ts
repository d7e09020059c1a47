import type { OutgoingMessage, Topic } from '@dstream/core';

/** Accepts and forgets; counts changes. */
export class DroppingTopic implements Topic {
  changes = 0;
  /** Told after every send how many there have been. */
  onChanges: (changes: number) => void = () => undefined;

  connect(): Promise<void> {
    return Promise.resolve();
  }

  async send(messages: readonly OutgoingMessage[]): Promise<void> {
    await Promise.resolve(); // as with a broker, the answer never comes in the same turn
    for (const { properties } of messages) this.changes += Number(properties['changes']);
    this.onChanges(this.changes);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
