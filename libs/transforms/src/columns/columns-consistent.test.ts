/** Whatever the rules and the change: every part of what is made of it agrees, and nothing hidden is left in it. */
import { DStreamError, type PlainRow, type StampedEvent } from '@dstream/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { aChange } from '../../../../test/support/a-change.ts';
import { ColumnsTransform } from './columns-transform.ts';

const never = { signal: new AbortController().signal };

const names = ['ID', 'Name', 'email', 'Notes', '__proto__', 'Other'];
const lower = names.map((name) => name.toLowerCase());

function setOf(from: readonly string[]) {
  return fc.subarray([...from]).map((list): ReadonlySet<string> => new Set(list));
}

function mapOf(keys: readonly string[], values: readonly string[]) {
  return fc
    .dictionary(fc.constantFrom(...keys), fc.constantFrom(...values))
    .map((all): ReadonlyMap<string, string> => new Map(Object.entries(all)));
}

const rules = fc.record({
  drop: setOf(lower),
  keep: fc.option(setOf(lower), { nil: undefined }),
  hash: setOf(lower),
  hashSalt: fc.constant('salt'),
  mask: setOf(lower),
  rename: mapOf(lower, ['New', 'Newer', 'Newest']),
  truncate: fc.constant(new Map<string, number>()),
  convert: fc.constant(new Map<string, 'text'>()),
  set: mapOf(['Name', 'Set'], ['c', '{{ data.ID }}-{{ table }}']),
  allowKey: fc.boolean(),
});

type Rules = typeof rules extends fc.Arbitrary<infer R> ? R : never;

const shape = fc.record({
  all: fc.subarray(names, { minLength: 1 }),
  changed: fc.subarray(names),
  away: fc.subarray(names),
  awayBefore: fc.subarray(names),
  key: fc.subarray(names.slice(0, 2)),
  isUpdate: fc.boolean(),
});

const changes = shape.map(({ all, changed, away, awayBefore, key, isUpdate }): StampedEvent => {
  const held = (columns: readonly string[]) => columns.filter((column) => all.includes(column));
  const without = (missing: readonly string[]): PlainRow =>
    Object.fromEntries(all.filter((name) => !missing.includes(name)).map((name) => [name, `secret-${name}`]));
  const inKey = held(key).filter((name) => !away.includes(name));
  const unavailable = [
    { in: 'data' as const, columns: held(away) },
    { in: 'before' as const, columns: isUpdate ? held(awayBefore) : [] },
  ].filter(({ columns }) => columns.length > 0);
  const { metadata } = aChange(1, {
    operation: isUpdate ? 'update' : 'insert',
    key: inKey.length === 0 ? null : without(names.filter((name) => !inKey.includes(name))),
    ...(isUpdate && { changed: held(changed) }),
    ...(unavailable.length > 0 && { unavailable }),
  });
  return {
    data: without(away),
    ...(isUpdate && { before: without(awayBefore) }),
    metadata: { ...metadata, generation: 1, epoch: 1 },
  };
});

/** What is wrong with what was made. */
function faultsOf(made: StampedEvent, { drop, keep, hash, mask }: Rules): readonly string[] {
  const { key, changed = [], unavailable = [] } = made.metadata;
  const missing = (image: string) =>
    unavailable.filter((one) => one.in === image).flatMap(({ columns }) => columns);
  const inData = [...Object.keys(made.data ?? {}), ...missing('data')];
  const inBefore = made.before && [...Object.keys(made.before), ...missing('before')];
  const line = JSON.stringify(made);
  const isHidden = (name: string) =>
    drop.has(name) || keep?.has(name) === false || hash.has(name) || mask.has(name);
  return [
    ...(new Set(inData).size === inData.length ? [] : ['a column is there twice']),
    ...(inBefore === undefined || inBefore.sort().join() === inData.toSorted().join()
      ? []
      : ['images differ']),
    ...changed.filter((name) => !inData.includes(name)).map((name) => `changed: ${name}`),
    ...Object.entries(key ?? {})
      .filter(([name, value]) => !Object.hasOwn(made.data ?? {}, name) || made.data?.[name] !== value)
      .map(([name]) => `key: ${name}`),
    ...names
      .filter((name) => isHidden(name.toLowerCase()) && line.includes(`secret-${name}`))
      .map((name) => `left: ${name}`),
  ];
}

test('an event stays consistent, and nothing hidden is left in it', async () => {
  let made = 0;
  await fc.assert(
    fc.asyncProperty(rules, changes, async (settings, change) => {
      const line = JSON.stringify(change);
      await using transform = new ColumnsTransform(settings);
      const [result] = await transform.apply([change], never);
      const events = result instanceof DStreamError ? [] : (result ?? []);
      made += events.length;
      expect(events.flatMap((event) => faultsOf(event, settings))).toEqual([]);
      expect(JSON.stringify(change)).toBe(line);
    }),
    { numRuns: 500 },
  );
  // Not only changes that fail.
  expect(made).toBeGreaterThan(50);
});
