import { faulty, sound, textOf, type Fault, type Given, type ValueType } from './value-type.ts';

/** How messages speak of the list and its items, and which items are the same. */
export interface ListRule<T> {
  /** Of the items, in the plural: `table names`. */
  readonly what: string;
  /** What an item names: `table`. */
  readonly one: string;
  /** A list that is right, for advice: `["Persons"]`. */
  readonly example: string;
  /** An item as text, which may be in the list once. */
  readonly key: (value: T) => string;
}

/** A list of values of one type, at least one and none twice. A key that may be left out is `optional`. */
export function listOf<T>(item: ValueType<T>, rule: ListRule<T>): ValueType<readonly T[]> {
  const { what, one, example } = rule;
  return {
    expected: `list of ${what}`,
    blank: [],
    read: (given) => {
      if (!Array.isArray(given.value))
        return faulty(`${given.shown} is not a list`, `write ${asList(given) ?? example}`);
      if (given.items.length === 0)
        return faulty('the list is empty', `name at least one ${one}, as in ${example}`);
      return readItems(item, given.items, rule);
    },
  };
}

function readItems<T>(type: ValueType<T>, items: readonly Given[], { one, key }: ListRule<T>) {
  const values: T[] = [];
  const faults: Fault[] = [];
  const seen = new Set<string>();
  for (const [item, given] of items.entries()) {
    const result = type.read(given);
    if ('faults' in result) {
      faults.push(...result.faults.map((fault) => ({ ...fault, item })));
      continue;
    }
    const text = key(result.value);
    if (seen.has(text)) faults.push({ item, wrong: `duplicate ${one} ${text}`, right: 'remove one' });
    seen.add(text);
    values.push(result.value);
  }
  return faults.length > 0 ? { faults } : sound(values);
}

/** A single text in the place of a list. */
function asList(given: Given): string | undefined {
  return textOf(given) !== undefined && given.shown.startsWith('"') ? `[${given.shown}]` : undefined;
}
