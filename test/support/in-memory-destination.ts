import { DStreamError } from '@dstream/core';
import { InMemoryDestination } from '@dstream/memory/destination';
import { textOf, type PublisherRig } from './publisher-rig.ts';

export async function openInMemoryDestination(): Promise<PublisherRig> {
  const destination = new InMemoryDestination({ maxLineBytes: 100_000 });
  return {
    ordered: 'key',
    tooLargeBytes: 100_000,
    open: () => destination.publisher(),
    delivered: () => Promise.resolve(destination.events.map(textOf)),
    faults: {
      refuse: (count) => {
        let left = count;
        destination.failPublishes(() => {
          left -= 1;
          return left < 0 ? undefined : new DStreamError('Throttled', 'the destination is busy');
        });
      },
      hold: () => destination.hold(),
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
