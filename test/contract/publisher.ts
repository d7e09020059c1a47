/** What every Publisher promises (libs/core/src/publisher.ts). */
import { getEventListeners } from 'node:events';
import { asDStreamError, BatchError, notAccepted, type Publisher, type RoutedEvent } from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Changes, inOrder, textOf, withoutRepeats, type PublisherRig } from '../support/publisher-rig.ts';

const never = { signal: new AbortController().signal };
const keyOf = (event: RoutedEvent) => event.orderingKey;

export function publisherContract(name: string, open: (changes: Changes) => Promise<PublisherRig>): void {
  describe(`publisher: ${name}`, () => {
    let changes: Changes;
    let rig: PublisherRig;
    let publisher: Publisher;
    let close: () => Promise<void>;

    beforeEach(async () => {
      const stack = new AsyncDisposableStack();
      close = () => stack.disposeAsync();
      changes = new Changes();
      rig = stack.use(await open(changes));
      publisher = stack.use(rig.open());
      await publisher.connect(never);
    });
    afterEach(() => close());

    const publish = (events: readonly RoutedEvent[]) => publisher.publish(events, never);

    const failure = (events: readonly RoutedEvent[]) =>
      publish(events).then(
        () => expect.unreachable('it was published'),
        (error: unknown) => asDStreamError(error),
      );

    const given = (events: readonly RoutedEvent[]) => inOrder(events.map(textOf), rig.ordered);

    /** What the destination holds, once there are so many, in the order that it keeps. */
    const arrived = async (count: number) => inOrder(await rig.delivered(count), rig.ordered);

    /** The same to somebody who drops repeats. Waits for so many different ones. */
    async function arrivedAtLeastOnce(count: number): Promise<Record<string, string[]>> {
      let lines: readonly string[] = [];
      for (let wanted = count; withoutRepeats(lines).length < count; wanted = lines.length + 1) {
        lines = await rig.delivered(wanted);
      }
      return inOrder(withoutRepeats(lines), rig.ordered);
    }

    /** What was not accepted is published again, as its caller does, until it is. */
    async function publishUntilAccepted(events: readonly RoutedEvent[]): Promise<number> {
      let rest = events;
      for (let failures = 0; failures < 10; failures += 1) {
        const error = await publish(rest).then(() => undefined, asDStreamError);
        if (error === undefined) return failures;
        expect(error.disposition).toBe('retry');
        rest = notAccepted(rest, keyOf, error);
      }
      return expect.unreachable('it was never accepted');
    }

    test('a change arrives as it was given', async () => {
      const event = changes.event('A', 1, 'Łukasz 🙂 "quoted" \\ 9007199254740993 \u2028 \n');
      await publish([event]);
      expect(await rig.delivered(1)).toEqual([textOf(event)]);
    });

    test('to publish nothing is done at once', async () => {
      await expect(publish([])).resolves.toBeUndefined();
      await publish([changes.event('A', 1)]);
      expect(await arrived(1)).toEqual(given([changes.event('A', 1)]));
    });

    test('the changes of one ordering key arrive in the order given, those of mixed ones too', async () => {
      const [a, b] = [changes.events('A', 1, 40), changes.events('B', 1, 40)];
      const mixed = a.flatMap((event, i) => [event, b[i] ?? event]);
      await publish(mixed.slice(0, 50));
      await publish(mixed.slice(50, 51));
      await publish(mixed.slice(51));
      expect(await arrived(mixed.length)).toEqual(given(mixed));
    });

    test('more than fits into one request arrives whole and in order', async () => {
      const note = 'x'.repeat(20_000);
      const events = Array.from({ length: 80 }, (_, i) => changes.event('A', i, note));
      await publish(events);
      expect(await arrived(events.length)).toEqual(given(events));
    });

    test('sessions publish side by side', async () => {
      const keys = ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H'];
      await Promise.all(
        keys.map(async (key) => {
          await publish(changes.events(key, 1, 5));
          await publish(changes.events(key, 6, 10));
        }),
      );
      expect(await arrived(80)).toEqual(given(keys.flatMap((key) => changes.events(key, 1, 10))));
    });

    test('what was published is there for the next publisher, and what that publishes comes after it', async () => {
      await publish(changes.events('A', 1, 5));
      await publisher[Symbol.asyncDispose]();
      await using next = rig.open();
      await next.connect(never);
      await next.publish(changes.events('A', 6, 10), never);
      expect(await arrived(10)).toEqual(given(changes.events('A', 1, 10)));
    });

    test('repeats are taken', async () => {
      await publish(changes.events('A', 1, 3));
      await publish(changes.events('A', 2, 5));
      expect(await arrivedAtLeastOnce(5)).toEqual(given(changes.events('A', 1, 5)));
    });

    test('an abort before the start publishes nothing and rejects with its reason', async () => {
      const reason = new Error('the lock was lost');
      const aborted = { signal: AbortSignal.abort(reason) };
      await expect(publisher.publish(changes.events('A', 1, 3), aborted)).rejects.toBe(reason);
      await publish(changes.events('A', 4, 5));
      expect(await arrived(2)).toEqual(given(changes.events('A', 4, 5)));
    });

    test('nothing hears of a signal once its publish is over', async () => {
      const { signal } = new AbortController();
      await publisher.publish(changes.events('A', 1, 3), { signal });
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('nor when the destination took its time', async ({ skip }) => {
      const hold = rig.faults?.hold ?? skip('it cannot be kept waiting here');
      const release = hold();
      const { signal } = new AbortController();
      const publishing = publisher.publish(changes.events('A', 1, 3), { signal });
      await new Promise(setImmediate);
      release();
      await publishing;
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('an abort under way rejects with its reason, and publishing again completes the order', async ({
      skip,
    }) => {
      const hold = rig.faults?.hold ?? skip('it cannot be kept waiting here');
      await publish(changes.events('A', 1, 2));
      const release = hold();
      const controller = new AbortController();
      const publishing = publisher.publish(changes.events('A', 3, 5), { signal: controller.signal });
      const rejected = expect(publishing).rejects.toThrow('the lock was lost');
      controller.abort(new Error('the lock was lost'));
      await rejected;
      expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
      release();
      await publishUntilAccepted(changes.events('A', 3, 6));
      expect(await arrivedAtLeastOnce(6)).toEqual(given(changes.events('A', 1, 6)));
    });

    test('what is refused for now is named by a suffix of each key, and publishing that completes the order', async ({
      skip,
    }) => {
      const refuse = rig.faults?.refuse ?? skip('nothing can be refused here');
      const [a, b] = [changes.events('A', 1, 20), changes.events('B', 1, 20)];
      const events = a.flatMap((event, i) => [event, b[i] ?? event]);
      refuse(1);
      const error = await failure(events);
      expect(error.disposition).toBe('retry');
      for (const { key, from } of error instanceof BatchError ? error.failures : []) {
        expect(events.slice(from).map(keyOf)).toContain(key);
      }
      const rest = notAccepted(events, keyOf, error);
      expect(rest).not.toEqual([]);
      await publishUntilAccepted(rest);
      expect(await arrivedAtLeastOnce(events.length)).toEqual(given(events));
    });

    test('refused again and again, all of it arrives in the end', async ({ skip }) => {
      const refuse = rig.faults?.refuse ?? skip('nothing can be refused here');
      refuse(3);
      expect(await publishUntilAccepted(changes.events('A', 1, 20))).toBeGreaterThan(0);
      expect(await arrivedAtLeastOnce(20)).toEqual(given(changes.events('A', 1, 20)));
    });

    test('a change that is too large is named, and keeps no other key from its destination', async ({
      skip,
    }) => {
      const huge = changes.event('A', 2, 'x'.repeat(rig.tooLargeBytes ?? skip('there is no limit')));
      const events = [changes.event('A', 1), huge, changes.event('B', 1), changes.event('A', 3)];
      const error = await failure(events);
      expect(error).toBeInstanceOf(BatchError);
      expect((error as BatchError).failures).toEqual([
        { key: huge.orderingKey, from: 1, error: expect.objectContaining({ disposition: 'dead-letter' }) },
      ]);
      const said = (error as BatchError).failures[0]?.error.message;
      expect(said).toContain(huge.event.metadata.id);
      expect(said).not.toContain('xxx');
      const rest = notAccepted(events, keyOf, error).filter((event) => event !== huge);
      expect(rest).toEqual([changes.event('A', 3)]);
      await publish(rest);
      expect(await arrived(3)).toEqual(
        given([changes.event('A', 1), changes.event('A', 3), changes.event('B', 1)]),
      );
    });

    test('a change that is too large alone is named, too', async ({ skip }) => {
      const huge = changes.event('A', 1, 'x'.repeat(rig.tooLargeBytes ?? skip('there is no limit')));
      expect(await failure([huge])).toMatchObject({ code: 'MessageTooLarge', disposition: 'dead-letter' });
    });

    test('what a person must mend is fatal when connecting, and says what', async ({ skip }) => {
      await using forbidden = rig.openForbidden?.() ?? skip('there is no such destination');
      const error = await forbidden.connect(never).then(
        () => expect.unreachable('it was connected'),
        (caught: unknown) => asDStreamError(caught),
      );
      expect(error).toMatchObject({ disposition: 'fatal', message: expect.stringMatching(/\S+ \S+/) });
    });

    test('connecting ends with an abort, and can be tried again', async () => {
      await using other = rig.open();
      const reason = new Error('stopping');
      await expect(other.connect({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      await publisher[Symbol.asyncDispose]();
      await other.connect(never);
      await other.publish(changes.events('A', 1, 3), never);
      expect(await arrived(3)).toEqual(given(changes.events('A', 1, 3)));
    });

    test('it can be disposed of twice, and without ever having been connected', async () => {
      await publish([changes.event('A', 1)]);
      await publisher[Symbol.asyncDispose]();
      await expect(publisher[Symbol.asyncDispose]()).resolves.toBeUndefined();
      await expect(rig.open()[Symbol.asyncDispose]()).resolves.toBeUndefined();
      expect(await arrived(1)).toEqual(given([changes.event('A', 1)]));
    });
  });
}
