import type { Writable } from 'node:stream';

/**
 * Resolves when the text is out, when it never will be (the stream's `error` event says why), or when `hurry` aborts.
 * A stream that is not destroyed by its error, such as one over a descriptor of somebody else, takes later writes and
 * never calls back: that is why its error is looked at too.
 */
export function written(stream: Writable, text: string, hurry?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      stream.off('error', done);
      hurry?.removeEventListener('abort', done);
      resolve();
    };
    if (stream.errored !== null) {
      done();
      return;
    }
    stream.once('error', done);
    stream.write(text, done);
    if (hurry?.aborted === true) done();
    else hurry?.addEventListener('abort', done, { once: true });
  });
}
