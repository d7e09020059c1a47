import { Writable } from 'node:stream';
import { ConsolePublisher } from '@dstream/outputs/console';
import type { PublisherRig } from './publisher-rig.ts';

/** What standard output is to the console: it takes one write after the other, later, and can be kept waiting. */
class Paper extends Writable {
  text = '';
  #held: Promise<void> = Promise.resolve();

  hold(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#held = promise;
    return resolve;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const write = () => {
      this.text += chunk.toString();
      done();
    };
    void this.#held.then(() => setImmediate(write));
  }
}

export async function openConsole(): Promise<PublisherRig> {
  const stream = new Paper();
  return {
    ordered: 'key',
    open: () => new ConsolePublisher({ stream }),
    delivered: () => Promise.resolve(stream.text.split('\n').slice(0, -1)),
    faults: { hold: () => stream.hold() },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
