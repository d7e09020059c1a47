import { asDStreamError, BatchError, DStreamError, type Publisher, type RoutedEvent } from '@dstream/core';
import { describe, expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { textOf } from '../../../../test/support/publisher-rig.ts';
import { withEnvelope, type Encode } from './with-envelope.ts';

const { signal } = new AbortController();
const routed = (n: number): RoutedEvent => ({
  event: aChange(n),
  line: Buffer.from(`${n}`),
  orderingKey: n % 2 === 0 ? 'even' : 'odd',
});

/** Of 1 nothing, of 2 and 3 two each, of others one. */
const encode: Encode = (given) => {
  const line = textOf(given);
  const one = { ...given, line: Buffer.from(`<${line}>`) };
  if (line === '1') return [];
  return line === '2' || line === '3' ? [one, { ...given, line: Buffer.alloc(0) }] : one;
};

/** Keeps what it is given, and fails as it is told. */
class Recorder implements Publisher {
  readonly batches: (readonly RoutedEvent[])[] = [];
  failures: Error[] = [];
  readonly closed: string[] = [];

  connect(): Promise<void> {
    return Promise.resolve();
  }

  async publish(events: readonly RoutedEvent[]): Promise<void> {
    this.batches.push(events);
    const error = this.failures.shift();
    if (error !== undefined) throw error;
  }

  isBlocked(): boolean {
    return true;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.closed.push('closed');
  }
}

const lines = (batch: readonly RoutedEvent[] | undefined) => batch?.map(textOf);
const busy = new DStreamError('Throttled', 'busy');

describe('an envelope', () => {
  test('of a change may make none, one, or several, in the order of the changes', async () => {
    const recorder = new Recorder();
    await withEnvelope(recorder, encode).publish([routed(1), routed(2), routed(4)], { signal });
    expect(recorder.batches.map(lines)).toEqual([['<2>', '', '<4>']]);
  });

  test('names in a failure the change that was given, whatever was made of it', async () => {
    const recorder = new Recorder();
    recorder.failures = [
      new BatchError([
        { key: 'even', from: 1, error: busy },
        { key: 'odd', from: 4, error: busy },
      ]),
    ];
    const publisher = withEnvelope(recorder, encode);
    // Made of them: <2>, its second one, <3>, its second one, <5>.
    const error = await publisher
      .publish([routed(1), routed(2), routed(3), routed(5)], { signal })
      .catch(asDStreamError);
    expect((error as BatchError).failures).toEqual([
      { key: 'even', from: 1, error: busy },
      { key: 'odd', from: 3, error: busy },
    ]);
  });

  test('passes on an error that speaks of the whole batch', async () => {
    const recorder = new Recorder();
    recorder.failures = [busy];
    await expect(withEnvelope(recorder, encode).publish([routed(1)], { signal })).rejects.toBe(busy);
  });

  test('a failure beyond the batch stays beyond it', async () => {
    const recorder = new Recorder();
    recorder.failures = [new BatchError([{ key: 'even', from: 7, error: busy }])];
    await expect(withEnvelope(recorder, encode).publish([routed(4)], { signal })).rejects.toMatchObject({
      failures: [{ from: 1 }],
    });
  });

  test('a change that comes back after a failure is the same object: its publisher knows what it has accepted', async () => {
    const recorder = new Recorder();
    recorder.failures = [busy];
    const publisher = withEnvelope(recorder, encode);
    const events = [routed(2), routed(4)];
    await publisher.publish(events, { signal }).catch(() => undefined);
    await publisher.publish(events.slice(1), { signal });
    const [first, second] = recorder.batches;
    expect(second?.[0]).toBe(first?.[2]);
  });

  test('closes and asks the publisher behind it', async () => {
    const recorder = new Recorder();
    const publisher = withEnvelope(recorder, encode);
    expect(publisher.isBlocked?.()).toBe(true);
    await publisher[Symbol.asyncDispose]();
    expect(recorder.closed).toEqual(['closed']);
  });
});

test('says of its publisher whether it has destinations, and which a change has', () => {
  const plain = new Recorder();
  const destined = Object.assign(new Recorder(), {
    hasDestinations: true,
    destinationOf: ({ orderingKey }: RoutedEvent) => orderingKey,
  });
  const [one, many] = [withEnvelope(plain, encode), withEnvelope(destined, encode)];
  expect([one.hasDestinations, one.destinationOf?.(routed(2))]).toEqual([false, undefined]);
  expect([many.hasDestinations, many.destinationOf?.(routed(2))]).toEqual([true, 'even']);
});
