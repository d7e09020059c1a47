/** A stream of replies out of a generator that may have to wait in between. */
import type { Reply } from '../interface/engine-session.ts';

/** Not for the client: the generator goes on when `until` has settled. */
export interface Wait {
  readonly kind: 'wait';
  readonly until: Promise<void>;
}

export type Replying<T = void> = Generator<Reply | Wait, T>;

/** For consumers that pull one by one and wait in between. */
export class ReplyStream implements AsyncIterable<Reply> {
  readonly #source: Replying;

  constructor(source: Replying) {
    this.#source = source;
  }

  [Symbol.asyncIterator](): AsyncIterator<Reply> {
    const source = this.#source;
    return {
      async next() {
        for (;;) {
          const { done, value } = source.next();
          if (done === true) return { done: true, value: undefined };
          if (value.kind !== 'wait') return { done: false, value };
          await value.until;
        }
      },
      return() {
        source.return();
        return Promise.resolve({ done: true, value: undefined });
      },
    };
  }
}

/** For a batch that is known never to wait: it can be read without a promise a row. */
export class SyncReplyStream extends ReplyStream implements Iterable<Reply> {
  readonly #own: Replying;

  constructor(source: Replying) {
    super(source);
    this.#own = source;
  }

  *[Symbol.iterator](): Generator<Reply> {
    for (const reply of this.#own) {
      if (reply.kind === 'wait') throw new Error('A batch had to wait that was thought never to wait.');
      yield reply;
    }
  }
}
