/** What every Transform promises (libs/core/src/transform.ts). */
import { getEventListeners } from 'node:events';
import {
  asDStreamError,
  DStreamError,
  type StampedEvent,
  type Transform,
  type Transformed,
} from '@dstream/core';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { anEvent, broken, frozen, type TransformRig } from '../support/transform-rig.ts';

const never = new AbortController().signal;

export function transformContract(name: string, rig: TransformRig): void {
  describe(`transform: ${name}`, () => {
    let stack: AsyncDisposableStack;
    beforeEach(() => {
      stack = new AsyncDisposableStack();
    });
    afterEach(() => stack.disposeAsync());

    const busy = async () => stack.use(await rig.busy());
    const idle = async () => stack.use(await rig.idle());
    const apply = (transform: Transform, events: readonly StampedEvent[], signal = never) =>
      transform.apply(frozen(events), { signal, route: () => undefined });
    const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => anEvent(from + i));

    /** What became of one: an error also where the call rejected. */
    async function outcomeOf(transform: Transform, event: StampedEvent): Promise<Transformed | undefined> {
      const [outcome] = await apply(transform, [event]).catch((error: unknown) => [asDStreamError(error)]);
      return outcome;
    }

    test('element i is what became of event i, with its identity', async () => {
      const events = range(1, 20);
      const results = await apply(await busy(), events);
      expect(results).toHaveLength(events.length);
      for (const [index, result] of results.entries())
        for (const made of madeIn(result)) expect(identityOf(made)).toEqual(identityOf(events[index]));
    });

    test('it changes something, and never the event that it was given', async () => {
      const events = range(1, 10);
      const before = JSON.stringify(events);
      const results = await apply(await busy(), events);
      expect(results.some((result, index) => !isUntouched(result, events[index]))).toBe(true);
      expect(JSON.stringify(events)).toBe(before);
    });

    test('an event that it leaves as it is is the same object', async () => {
      const events = range(1, 10);
      const results = await apply(await idle(), events);
      expect(results.map((result, index) => isUntouched(result, events[index]))).toEqual(
        events.map(() => true),
      );
    });

    test('nothing becomes of nothing', async () => expect(await apply(await busy(), [])).toEqual([]));

    test('every part of what it makes agrees', async () => {
      const results = await apply(await busy(), range(1, 10));
      expect(results.flatMap(madeIn).flatMap(strangersIn)).toEqual([]);
    });

    test('columns of any name are columns', async () => {
      for (const made of (await apply(await busy(), range(1, 4))).flatMap(madeIn)) {
        expect(JSON.stringify(made.data)).toContain('"__proto__":"p"');
        expect(JSON.stringify(made.data)).toContain('"constructor":"c"');
      }
      expect(Object.keys(Object.prototype)).toEqual([]);
    });

    test('a change on which it fails is dead-lettered, without its values, and the next goes on', async () => {
      const transform = await busy();
      const failed = await outcomeOf(transform, broken(1));
      expect(failed).toBeInstanceOf(DStreamError);
      expect(failed).toMatchObject({ code: 'TransformFailed', disposition: 'dead-letter' });
      expect((failed as DStreamError).message).not.toContain('secret');
      expect(await outcomeOf(transform, anEvent(2))).not.toBeInstanceOf(DStreamError);
    });

    test('calls of several sessions do not mix', async () => {
      const transform = await busy();
      const sessions = [1, 101, 201, 301].map((from) => range(from, 5));
      const alone = [];
      for (const events of sessions) alone.push(await apply(transform, events));
      const together = await Promise.all(sessions.map((events) => apply(transform, events)));
      expect(together).toEqual(alone);
    });

    test('an abort rejects with its reason and leaves nothing', async () => {
      const transform = await busy();
      const abort = new AbortController();
      const reason = new Error('enough');
      abort.abort(reason);
      await expect(apply(transform, range(1, 3), abort.signal)).rejects.toBe(reason);
      const { signal } = new AbortController();
      await apply(transform, range(1, 3), signal);
      expect(getEventListeners(signal, 'abort')).toEqual([]);
    });

    test('disposing twice is harmless', async () => {
      const transform = await rig.busy();
      await transform[Symbol.asyncDispose]();
      await expect(transform[Symbol.asyncDispose]()).resolves.toBeUndefined();
    });
  });
}

function madeIn(result: Transformed): readonly StampedEvent[] {
  return result instanceof DStreamError ? [] : result;
}

function isUntouched(result: Transformed, event: StampedEvent | undefined): boolean {
  return !(result instanceof DStreamError) && result.length === 1 && result[0] === event;
}

function identityOf(event: StampedEvent | undefined) {
  const {
    operation: _operation,
    key: _key,
    changed: _changed,
    unavailable: _unavailable,
    ...rest
  } = event?.metadata ?? {};
  return rest;
}

/** Columns that the metadata names and the images do not have. */
function strangersIn({ data, before, metadata }: StampedEvent): readonly string[] {
  const { key, changed = [], unavailable = [] } = metadata;
  const away = unavailable.flatMap(({ columns }) => columns);
  const known = new Set([...Object.keys(data ?? {}), ...Object.keys(before ?? {}), ...away]);
  return [...Object.keys(key ?? {}), ...changed].filter((column) => !known.has(column));
}
