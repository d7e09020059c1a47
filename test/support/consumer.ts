import { setTimeout as sleep } from 'node:timers/promises';
import type { Delivery, ReceiveOptions, Subscription } from '@dstream/core';
import type { Post } from './broker.ts';

/**
 * Takes deliveries from a subscription one by one and hands them to a test. Completes what other tests left behind.
 * `await using` ends the receiving.
 */
export class Consumer implements AsyncDisposable {
  readonly #post: Post;
  readonly #abort = new AbortController();
  readonly #iterator: AsyncIterator<Delivery>;
  #asked: Promise<IteratorResult<Delivery>> | undefined;

  constructor(subscription: Subscription, post: Post, limits: Partial<Omit<ReceiveOptions, 'signal'>> = {}) {
    this.#post = post;
    const deliveries = subscription.receive({
      signal: this.#abort.signal,
      maxInFlight: 100,
      maxBytes: 67_108_864,
      ...limits,
    });
    this.#iterator = deliveries[Symbol.asyncIterator]();
  }

  /** The next delivery of this test. */
  async next(): Promise<Delivery> {
    for (;;) {
      const delivery = await this.#accept(await this.#ask());
      if (delivery !== undefined) return delivery;
    }
  }

  #ask(): Promise<IteratorResult<Delivery>> {
    return (this.#asked ??= this.#iterator.next());
  }

  /** What was asked for, if it is of this test. What another left is completed, and its session free for the next. */
  async #accept({ value, done }: IteratorResult<Delivery>): Promise<Delivery | undefined> {
    this.#asked = undefined;
    if (done === true) throw new Error('receive ended');
    if (this.#post.owns(value.message)) return value;
    await value.complete();
    await value.session?.close();
    return undefined;
  }

  async take(count: number): Promise<Delivery[]> {
    const taken: Delivery[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** What `next` would give, or undefined when nothing of this test comes for so long. */
  async nextWithin(ms: number): Promise<Delivery | undefined> {
    const timer = new AbortController();
    const timeout = sleep(ms, undefined, { signal: timer.signal }).catch(() => undefined);
    try {
      for (;;) {
        const first = await Promise.race([this.#ask(), timeout]);
        if (first === undefined) return undefined;
        const delivery = await this.#accept(first);
        if (delivery !== undefined) return delivery;
      }
    } finally {
      timer.abort();
    }
  }

  /** Aborts `receive` with `reason` and gives what it ended with. */
  async stop(reason: Error = new Error('the test is over')): Promise<unknown> {
    this.#abort.abort(reason);
    try {
      const asked = this.#asked ?? this.#iterator.next();
      this.#asked = undefined;
      const { done } = await asked;
      return done === true ? 'ended without an error' : await this.stop(reason);
    } catch (error) {
      return error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#abort.signal.aborted) await this.stop();
  }
}
