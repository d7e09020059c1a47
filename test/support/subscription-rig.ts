/** What a test of a subscription needs: messages of its own, consumers, and the order in which all is closed. */
import type { Delivery, OutgoingMessage, ReceiveLimits, Subscription, Topic } from '@dstream/core';
import { Post, type Broker, type BrokerFaults, type SubscriptionWish } from './broker.ts';
import { Consumer } from './consumer.ts';

const never = new AbortController().signal;

/** One per test. */
export class SubscriptionRig implements AsyncDisposable {
  readonly broker: Broker;
  readonly post = new Post();
  readonly #topic: Topic;
  readonly #stack: AsyncDisposableStack;

  private constructor(broker: Broker, topic: Topic, stack: AsyncDisposableStack) {
    this.broker = broker;
    this.#topic = topic;
    this.#stack = stack;
  }

  static async open(openBroker: () => Promise<Broker>): Promise<SubscriptionRig> {
    const stack = new AsyncDisposableStack();
    const broker = stack.use(await openBroker());
    return new SubscriptionRig(broker, stack.use(broker.topic()), stack);
  }

  /** Skips the test where nothing can be injected. */
  faults(skip: (why: string) => never): BrokerFaults {
    return this.broker.faults ?? skip('nothing can be injected here');
  }

  /** Skips the test where no dead letter is kept. */
  deadLetters(skip: (why: string) => never): NonNullable<Broker['deadLetters']> {
    return this.broker.deadLetters ?? skip('there is no dead-letter queue');
  }

  send(messages: readonly OutgoingMessage[]): Promise<void> {
    return this.#topic.send(messages, { signal: never });
  }

  names(deliveries: readonly Delivery[]): string[] {
    return deliveries.map(({ message }) => this.post.name(message.messageId));
  }

  /** Closes it when the test is over. */
  use<T extends AsyncDisposable>(one: T): T {
    return this.#stack.use(one);
  }

  subscribe(wish?: SubscriptionWish): Subscription {
    return this.use(this.broker.subscription(wish));
  }

  consume(wish?: SubscriptionWish, limits?: Partial<ReceiveLimits>): Consumer {
    return this.use(new Consumer(this.subscribe(wish), this.post, limits));
  }

  /** Subscriptions get what is sent after they came into being: they are made first. */
  async consumerOf(messages: readonly OutgoingMessage[], limits?: Partial<ReceiveLimits>): Promise<Consumer> {
    const consumer = this.consume({}, limits);
    await this.send(messages);
    return consumer;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}
