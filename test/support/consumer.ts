import type { Delivery, Subscription } from '@dstream/core';
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

  constructor(subscription: Subscription, post: Post, maxInFlight = 100) {
    this.#post = post;
    const deliveries = subscription.receive({ signal: this.#abort.signal, maxInFlight });
    this.#iterator = deliveries[Symbol.asyncIterator]();
  }

  /** The next delivery of this test. */
  async next(): Promise<Delivery> {
    for (;;) {
      this.#asked ??= this.#iterator.next();
      const { value, done } = await this.#asked;
      this.#asked = undefined;
      if (done === true) throw new Error('receive ended');
      if (this.#post.owns(value)) return value;
      await value.complete();
    }
  }

  async take(count: number): Promise<Delivery[]> {
    const taken: Delivery[] = [];
    while (taken.length < count) taken.push(await this.next());
    return taken;
  }

  /** What `next` would give, or undefined when nothing comes for so long. */
  async nextWithin(ms: number): Promise<Delivery | undefined> {
    this.#asked ??= this.#iterator.next();
    const asked = this.#asked;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<undefined>((resolve) => {
      timer = setTimeout(() => resolve(undefined), ms);
    });
    const first = await Promise.race([asked, timeout]);
    clearTimeout(timer);
    return first === undefined ? undefined : this.next();
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
